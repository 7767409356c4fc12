"""What IAM decides when all policies that speak for a call are known.

Source: IAM user guide, "Policy evaluation logic" and "How AWS enforcement code logic evaluates requests" (read
2026-11-21). A resource's policy that names a role's session is held to the boundary like one that names the role.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from opencode_components.testing.iam_policies import Guard
from opencode_components.testing.iam_statements import Call, Statement, concerns


class PolicyType(StrEnum):
    """What kind of policy decided, in AWS's words."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"


@dataclass(frozen=True)
class Decision:
    """The answer, true or false, with the statement that decided; None when no statement spoke for the call."""

    allowed: bool
    statement: Statement | None
    reason: str
    policy_type: PolicyType = PolicyType.IDENTITY
    """Of the statement, or of the policy that lacks one."""

    def __bool__(self) -> bool:
        return self.allowed

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, kw_only=True)
class Policies:
    """All that speaks for or against one caller's call."""

    identity: Sequence[Statement] = ()
    guard: Guard = field(default_factory=Guard)
    """Those of the resource."""
    boundary: Sequence[Statement] | None = None
    """None: the caller has none."""
    session: Sequence[Statement] | None = None
    """None: the session was opened without a policy of its own."""

    def by_type(self) -> Iterator[tuple[PolicyType, Sequence[Statement]]]:
        yield PolicyType.IDENTITY, self.identity
        yield PolicyType.RESOURCE, self.guard.statements
        yield PolicyType.BOUNDARY, self.boundary or ()
        yield PolicyType.SESSION, self.session or ()


def decide(policies: Policies, asked: Call) -> Decision:
    """Raises ValueError for a malformed condition."""
    for policy_type, statements in policies.by_type():
        denied = first(statements, "Deny", asked)
        if denied:
            return Decision(allowed=False, statement=denied, reason=f"denied by {denied}", policy_type=policy_type)
    for policy_type, limit in ((PolicyType.BOUNDARY, policies.boundary), (PolicyType.SESSION, policies.session)):
        if limit is not None and not first(limit, "Allow", asked):
            return refused(f"the {policy_type} does not allow it", policy_type)
    return granted(policies, asked)


def granted(policies: Policies, asked: Call) -> Decision:
    """By the caller's own policies or the resource's; some resources' have to agree."""
    guard = policies.guard
    own, direct = first(policies.identity, "Allow", asked), first(guard.direct, "Allow", asked)
    if guard.is_required and not direct and not (own and first(guard.delegated, "Allow", asked)):
        lacking = PolicyType.IDENTITY if first(guard.delegated, "Allow", asked) else PolicyType.RESOURCE
        return refused(f"the policy of {guard.owner} does not allow it", lacking)
    allowing = own or direct
    if allowing is None:
        return refused(f"no statement allows {asked.action} on {asked.resource}", PolicyType.IDENTITY)
    return Decision(allowed=True, statement=allowing, reason=f"allowed by {allowing}")


def refused(reason: str, policy_type: PolicyType) -> Decision:
    """A refusal because something is not allowed, rather than denied."""
    return Decision(allowed=False, statement=None, reason=reason, policy_type=policy_type)


def first(every: Iterable[Statement], effect: str, asked: Call) -> Statement | None:
    return next((s for s in every if s.effect == effect and concerns(s, asked)), None)
