"""Who gets through the load balancer's HTTPS listener to the router: rules as data, in the order they are tried.

Several components may add rules to one listener. Each keeps to its own range of priorities and binds every rule to
its own host, so that none of them can let in, or keep out, what another answers for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output

PRIORITIES: Mapping[str, range] = {
    "operator": range(1, 1000),
    "api": range(1000, 2000),
    "downloads": range(2000, 3000),
    "sharing": range(3000, 4000),
    "openhands": range(4000, 5000),
    "coder": range(5000, 6000),
    "other": range(10_000, 50_001),
}
"""Which priorities are whose; lower ones are tried first.

`operator` stays free for what has to be refused by hand in an emergency, `other` is for stacks that add hosts of their
own. Source of the bounds: Elastic Load Balancing API reference, "CreateRule" (read 2026-11-21).
"""
STEP = 10
"""Between two rules, so that one can be put between them without moving the others."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Requests that match all that is given. Values of headers are compared without regard to case; `*` is any text."""

    suffix: str
    """What the rule's resource is called, after the component's name."""
    priority: int
    paths: Sequence[str] = ()
    methods: Sequence[str] = ()
    header: str = ""
    header_values: Sequence[str] = ()
    is_token_verified: bool = False
    """Whether the load balancer verifies the JWT before it forwards the request."""


FIRST = PRIORITIES["api"].start
ROUTER_RULES = (
    Rule(suffix="health", priority=FIRST, paths=("/health", "/ready", "/.well-known/opencode"), methods=("GET",)),
    Rule(suffix="key-bearer", priority=FIRST + STEP, header="Authorization", header_values=("Bearer oc_*",)),
    Rule(
        suffix="token",
        priority=FIRST + 2 * STEP,
        header="Authorization",
        header_values=("Bearer *",),
        is_token_verified=True,
    ),
    Rule(suffix="key-header", priority=FIRST + 3 * STEP, header="X-API-Key", header_values=("oc_*",)),
)
"""Public are the paths of the first rule alone, to the letter: what clients need before they can sign in is at
/.well-known/opencode. `/` has nothing to tell and `/openapi.json` would tell strangers what there is to try; both are
there for whoever brings a credential. That rule is full: AWS allows three values in a condition and five in a rule.
Source: Application Load Balancer user guide, "Condition types for listener rules" (read 2026-11-21).

Keys are told from tokens by their prefix, and only the router can verify them. A bearer token is looked at before
X-API-Key, so that a key in the one header never spares a token in the other its verification. Whatever is no case of
these is the listener's default action: 401.
"""


def conditions(rule: Rule, host: str) -> list[aws.lb.ListenerRuleConditionArgs]:
    """The host always, and what else the rule asks for."""
    found = [aws.lb.ListenerRuleConditionArgs(host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(values=[host]))]
    if rule.paths:
        path = aws.lb.ListenerRuleConditionPathPatternArgs(values=list(rule.paths))
        found.append(aws.lb.ListenerRuleConditionArgs(path_pattern=path))
    if rule.methods:
        method = aws.lb.ListenerRuleConditionHttpRequestMethodArgs(values=list(rule.methods))
        found.append(aws.lb.ListenerRuleConditionArgs(http_request_method=method))
    if rule.header:
        header = aws.lb.ListenerRuleConditionHttpHeaderArgs(
            http_header_name=rule.header, values=list(rule.header_values)
        )
        found.append(aws.lb.ListenerRuleConditionArgs(http_header=header))
    return found


@dataclass(frozen=True, kw_only=True)
class TokenCheck:
    """What the load balancer demands of a JWT beside its signature and its times; the router demands it again.

    Source: Application Load Balancer user guide, "Verify JWTs using an Application Load Balancer" (read 2026-11-21).
    """

    issuer: Input[str]
    jwks_url: Input[str]
    audiences: Input[Sequence[str]]
    audience_claim: Input[str]
    audience_format: Input[str]
    """`single-string`, `string-array` or `space-separated-values`."""
    token_uses: Input[Sequence[str]]
    """Accepted values of Cognito's `token_use`; empty where tokens have none."""

    def claims(self) -> Output[list[Any]]:
        return Output.all(self.audience_claim, self.audience_format, self.audiences, self.token_uses).apply(
            lambda known: claims_demanded(*known)
        )


def claims_demanded(
    audience_claim: str, audience_format: str, audiences: Sequence[str], token_uses: Sequence[str]
) -> list[Any]:
    """The audience, and Cognito's `token_use` where kinds of token are told apart by it."""
    claim = aws.lb.ListenerRuleActionJwtValidationAdditionalClaimArgs
    demanded = [claim(name=audience_claim, format=audience_format, values=list(audiences))]
    if token_uses:
        demanded.append(claim(name="token_use", format="single-string", values=list(token_uses)))
    return demanded


def actions(rule: Rule, target_group_arn: Input[str], check: TokenCheck) -> list[aws.lb.ListenerRuleActionArgs]:
    """Forwarded to the target group, after the `check` where the rule asks for it."""
    before = []
    if rule.is_token_verified:
        verification = aws.lb.ListenerRuleActionJwtValidationArgs(
            issuer=check.issuer, jwks_endpoint=check.jwks_url, additional_claims=check.claims()
        )
        before = [aws.lb.ListenerRuleActionArgs(type="jwt-validation", order=1, jwt_validation=verification)]
    forward = aws.lb.ListenerRuleActionArgs(type="forward", order=len(before) + 1, target_group_arn=target_group_arn)
    return [*before, forward]
