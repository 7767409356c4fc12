"""Where a graph declares IAM policies: on roles, attached to them, and on resources."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam_conditions import texts
from opencode_components.testing.iam_statements import Statement, statements

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
CUSTOMER_POLICY = "aws:iam/policy:Policy"
KEY = "aws:kms/key:Key"

POLICY_HOLDERS: Mapping[str, tuple[str, str | None]] = {
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("policy", "repository"),
    ROLE: ("assumeRolePolicy", None),
    KEY: ("policy", None),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy", "bucket"),
    "aws:secretsmanager/secretPolicy:SecretPolicy": ("policy", "secretArn"),
    "aws:sns/topicPolicy:TopicPolicy": ("policy", "arn"),
    "aws:sqs/queuePolicy:QueuePolicy": ("policy", "queueUrl"),
}
"""Types that hold a resource's policy: the property with the document, and the one that names the resource."""
MUST_ALLOW = {ROLE, KEY}
"""Resources whose own policy has to allow every call, whatever the caller's policies say."""


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The policies of the resource that a call is for, sorted by how they name the caller."""

    owner: object = None
    """The resource, in words for whoever reads a refusal."""
    statements: tuple[Statement, ...] = ()
    """All that name the caller."""
    direct: tuple[Statement, ...] = ()
    """Those that name it itself, or everyone."""
    delegated: tuple[Statement, ...] = ()
    """Those that name its account, and so leave the decision to the caller's own policies."""
    is_required: bool = False


def of_role(graph: Graph, role: Resource) -> tuple[Statement, ...]:
    """Statements of the role's inline and attached policies.

    Raises LookupError for an attached policy that is not in the graph: what AWS writes into its own is not known here.
    """
    return tuple(statement for name, document in documents_of(graph, role) for statement in statements(name, document))


def documents_of(graph: Graph, role: Resource) -> Iterator[tuple[str, Any]]:
    for inline in role.inputs.get("inlinePolicies", ()):
        yield f"{role} inline {inline.get('name')}", inline["policy"]
    for policy in graph.all(ROLE_POLICY):
        if is_of(role, policy.inputs["role"]):
            yield repr(policy), policy.inputs["policy"]
    for arn in attached_arns(graph, role):
        yield customer_policy(graph, role, arn)


def attached_arns(graph: Graph, role: Resource) -> Iterator[str]:
    """ARNs of all policies attached to the role, in whichever way."""
    yield from role.inputs.get("managedPolicyArns", ())
    for attachment in graph.all(ATTACHMENT):
        if is_of(role, attachment.inputs["role"]):
            yield str(attachment.inputs["policyArn"])


def is_of(role: Resource, reference: Any) -> bool:
    """Roles are referred to by name, id or ARN."""
    return reference in {role.id, role.outputs.get("name"), role.outputs.get("arn")}


def customer_policy(graph: Graph, role: Resource, arn: str) -> tuple[str, Any]:
    policy = graph.identified(arn)
    if policy is None or policy.type != CUSTOMER_POLICY:
        raise LookupError(
            f"{role} has the policy {arn}, which the graph does not declare; write it as a policy of yours"
        )
    return repr(policy), policy.inputs["policy"]


def boundary_of(graph: Graph, role: Resource) -> tuple[Statement, ...] | None:
    arn = role.inputs.get("permissionsBoundary")
    return tuple(statements(*customer_policy(graph, role, arn))) if arn else None


def of_target(graph: Graph, resource_arn: str, principal: str) -> Guard:
    """The policies that guard the resource with this ARN; of a bucket for its objects."""
    owner = next((r for r in graph if guards(r.outputs.get("arn"), resource_arn)), None)
    if owner is None:
        return Guard()
    every = [statement for holder in holders(graph, owner) for statement in declared(holder)]
    return guard_of(owner, every, {principal}, is_required=owner.type in MUST_ALLOW and bool(every))


def guard_of(owner: object, every: Iterable[Statement], principals: Set[str], *, is_required: bool) -> Guard:
    """The guard that `every` statement of a resource's policies is for one caller, who has several names perhaps."""
    named = [(statement, naming(statement, principals)) for statement in every]
    direct = tuple(statement for statement, how in named if how == "direct")
    delegated = tuple(statement for statement, how in named if how == "account")
    return Guard(
        owner=owner, statements=direct + delegated, direct=direct, delegated=delegated, is_required=is_required
    )


def guards(owner_arn: Any, resource_arn: str) -> bool:
    return isinstance(owner_arn, str) and bool(owner_arn) and f"{resource_arn}/".startswith(f"{owner_arn}/")


def holders(graph: Graph, owner: Resource) -> Iterator[Resource]:
    """Resources that hold a policy for `owner`; a role or key holds its own."""
    for type_, (_, target) in POLICY_HOLDERS.items():
        for holder in graph.all(type_):
            if holder is owner if target is None else refers_to(holder.inputs.get(target), owner):
                yield holder


def refers_to(reference: Any, owner: Resource) -> bool:
    return reference is not None and reference in {owner.id, owner.outputs.get("arn"), owner.outputs.get("name")}


def declared(holder: Resource) -> Iterator[Statement]:
    document = holder.inputs.get(POLICY_HOLDERS[holder.type][0])
    if document:
        yield from statements(repr(holder), document)


def naming(statement: Statement, principals: Set[str]) -> str | None:
    """How the statement names one of the principals: `direct`, by its `account`, or not at all."""
    if "NotPrincipal" in statement.body:
        raise ValueError(f"{statement} uses NotPrincipal, which is not judged; name principals, or use a condition")
    element = statement.body.get("Principal", {})
    if element == "*":
        return "direct"
    names = {name for kind in element.values() for name in texts(kind)}
    if principals & names or "*" in names:
        return "direct"
    arns = [principal.split(":") for principal in principals if principal.startswith("arn:")]
    roots = {parts[4] for parts in arns} | {f"arn:{parts[1]}:iam::{parts[4]}:root" for parts in arns}
    return "account" if roots & names else None
