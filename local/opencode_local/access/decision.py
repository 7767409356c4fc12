"""Whether a principal may do what a request needs, by the policies of this moment, and AWS's words when not.

Sources: IAM user guide, "AWS global condition context keys" and "Troubleshoot access denied error messages" (read
2026-11-21).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from opencode_components.testing.iam_decision import Decision, decide
from opencode_components.testing.iam_statements import call
from opencode_local.access import policies
from opencode_local.access.needs import Need
from opencode_local.access.sessions import Principal

ARTICLES = {"identity-based policy": "an"}


class Denied(Exception):
    """IAM does not allow it. The message is AWS's."""

    def __init__(self, message: str, *, action: str, resource: str) -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.resource = resource


def check(principal: Principal, need: Need, *, region: str, now: datetime) -> None:
    """Raises Denied."""
    context = {**request_context(principal, region, now), **resource_context(need), **need.context}
    try:
        names = {principal.session.role_arn, principal.arn}
        guard = policies.guard(need.resource, principal.account_id, names)
        every = policies.of_session(principal.session.role_arn, principal.policy, guard)
        decision = decide(every, call(need.action, need.resource, context))
    except (ValueError, LookupError) as error:
        raise denied(principal, need, f"because its policies cannot be read: {error}") from error
    if not decision:
        raise denied(principal, need, reason(need, decision))


def denied(principal: Principal, need: Need, why: str) -> Denied:
    words = f"User: {principal.arn} is not authorized to perform: {need.action} on resource: {need.resource} {why}"
    return Denied(words, action=need.action, resource=need.resource)


def reason(need: Need, decision: Decision) -> str:
    if decision.statement is not None:
        article = ARTICLES.get(decision.policy_type, "a")
        return f"with an explicit deny in {article} {decision.policy_type}"
    return f"because no {decision.policy_type} allows the {need.action} action"


def request_context(principal: Principal, region: str, now: datetime) -> Mapping[str, Any]:
    """Global condition keys. Where it is deployed every call is made over TLS, so here none counts as insecure."""
    role = policies.role_of(principal.session.role_arn)
    tags = {**_role_tags(role), **principal.tags}
    return {
        "aws:CurrentTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:PrincipalAccount": principal.account_id,
        "aws:PrincipalArn": principal.session.role_arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalType": "AssumedRole",
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
        "aws:userid": f"{role.id if role is not None else ''}:{principal.name}",
        **{f"aws:PrincipalTag/{key}": value for key, value in tags.items()},
    }


def _role_tags(role: Any | None) -> Mapping[str, str]:
    tags = role.tags if role is not None else {}
    members = list(tags.values()) if isinstance(tags, dict) else tags or []
    return {tag["Key"]: tag["Value"] for tag in members}


def resource_context(need: Need) -> Mapping[str, str]:
    parts = need.resource.split(":")
    return {"aws:ResourceAccount": parts[4]} if len(parts) > 4 and parts[4] else {}
