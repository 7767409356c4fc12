"""Whether IAM would allow a call, by the roles and policies that a graph declares.

Sources, read 2026-11-21:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from opencode_components.testing import iam_policies
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam_decision import Decision, Policies, decide
from opencode_components.testing.iam_statements import Document, call, statements

Context = Mapping[str, Any]


def evaluate(
    graph: Graph, principal: Resource | str, action: str, resource: str, context: Context | None = None
) -> Decision:
    """Whether `principal` may do `action` on the resource with that ARN (`*` for actions without a resource).

    `principal` is a role of the graph, or the ARN, service (`ecs-tasks.amazonaws.com`) or `*` that a resource's own
    policy names. Counted are the role's inline and attached policies, its permissions boundary, and the policies of
    the graph's buckets, keys, topics, queues, secrets, repositories and roles. Organization policies are not.
    `context` holds condition keys, with a list where a key has several values.

    Raises LookupError for an attached policy that is not in the graph, and ValueError for a malformed policy.
    """
    arn = str(principal.outputs["arn"]) if isinstance(principal, Resource) else principal
    known = {"aws:PrincipalArn": arn} if isinstance(principal, Resource) else {}
    asked = call(action, resource, {**known, **(context or {})})
    guard = iam_policies.of_target(graph, resource, arn)
    if not isinstance(principal, Resource):
        return decide(Policies(guard=guard), asked)
    identity = iam_policies.of_role(graph, principal)
    return decide(Policies(identity=identity, guard=guard, boundary=iam_policies.boundary_of(graph, principal)), asked)


def evaluate_documents(
    documents: Iterable[Document], action: str, resource: str, context: Context | None = None
) -> Decision:
    """The same for policy documents alone, as one identity would have them: mappings or JSON."""
    asked = call(action, resource, context)
    every = [s for number, document in enumerate(documents) for s in statements(f"document {number}", document)]
    return decide(Policies(identity=every), asked)
