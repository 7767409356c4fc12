"""Whether IAM would allow a call, by the roles and policies that a graph declares.

Sources, read 2026-11-21:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opencode_components.testing import iam_policies
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam_statements import Call, Document, Statement, call, concerns, statements

Context = Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """The answer, true or false, with the statement that decided; None when no statement spoke for the call."""

    allowed: bool
    statement: Statement | None
    reason: str

    def __bool__(self) -> bool:
        return self.allowed

    def __str__(self) -> str:
        return self.reason


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
    identity = iam_policies.of_role(graph, principal) if isinstance(principal, Resource) else ()
    guard = iam_policies.of_target(graph, resource, arn)
    denied = first([*identity, *guard.statements], "Deny", asked)
    if denied:
        return Decision(allowed=False, statement=denied, reason=f"denied by {denied}")
    if isinstance(principal, Resource):
        boundary = iam_policies.boundary_of(graph, principal)
        if boundary is not None and not first(boundary, "Allow", asked):
            return Decision(allowed=False, statement=None, reason="the permissions boundary does not allow it")
    own, granted = first(identity, "Allow", asked), first(guard.direct, "Allow", asked)
    if guard.is_required and not granted and not (own and first(guard.delegated, "Allow", asked)):
        return Decision(allowed=False, statement=None, reason=f"the policy of {guard.owner} does not allow it")
    allowing = own or granted
    if allowing:
        return Decision(allowed=True, statement=allowing, reason=f"allowed by {allowing}")
    return Decision(allowed=False, statement=None, reason=f"no statement allows {action} on {resource}")


def evaluate_documents(
    documents: Iterable[Document], action: str, resource: str, context: Context | None = None
) -> Decision:
    """The same for policy documents alone, as one identity would have them: mappings or JSON."""
    asked = call(action, resource, context)
    every = [s for number, document in enumerate(documents) for s in statements(f"document {number}", document)]
    denied, allowing = first(every, "Deny", asked), first(every, "Allow", asked)
    if denied or not allowing:
        reason = f"denied by {denied}" if denied else f"no statement allows {action} on {resource}"
        return Decision(allowed=False, statement=denied, reason=reason)
    return Decision(allowed=True, statement=allowing, reason=f"allowed by {allowing}")


def first(every: Iterable[Statement], effect: str, asked: Call) -> Statement | None:
    return next((s for s in every if s.effect == effect and concerns(s, asked)), None)
