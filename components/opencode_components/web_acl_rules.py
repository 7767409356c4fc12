"""The rules of the web ACL, in the order in which they are asked.

pulumi_aws.wafv2 is loaded when the first rule is made: it takes half a second that programs without a firewall save.
That is why its types are named in quotes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input
from pulumi_aws import wafv2

RATE_WINDOW_S = 300
OVER_RATE_RETRY_S = 60
"""A rate rule looks again every few seconds; agents that wait a minute do not hammer."""
OVER_RATE_KEY = "over-rate"
MANAGED_GROUPS: Mapping[str, Sequence[str]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"),
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "CrossSiteScripting_BODY",
        "NoUserAgent_HEADER",
    ),
}
"""Groups and those of their rules that only count: all that look at the body, and the one that asks for a User-Agent,
which a script need not send. Source: AWS WAF developer guide, "Baseline rule groups" and "IP reputation rule groups"
(read 2026-11-21)."""

ADDRESS_ACTIONS = {"blocked-ipv4": "block", "blocked-ipv6": "block", "allowed-ipv4": "allow", "allowed-ipv6": "allow"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule without its place. A rule without an action of its own keeps those of its managed group."""

    name: str
    statement: "wafv2.WebAclRuleStatementArgs"
    action: "wafv2.WebAclRuleActionArgs | None" = None


def web_acl_rules(rate: int, ip_set_arns: Mapping[str, Input[str]]) -> "Sequence[wafv2.WebAclRuleArgs]":
    """Blocked addresses, allowed addresses, the rate, then AWS's managed groups.

    `ip_set_arns` by kind: `blocked-ipv4`, `blocked-ipv6`, `allowed-ipv4`, `allowed-ipv6`, each only where it has
    ranges.
    """
    addresses = [address_rule(kind, ip_set_arns[kind]) for kind in ADDRESS_ACTIONS if kind in ip_set_arns]
    groups = [managed_group(name, counted) for name, counted in MANAGED_GROUPS.items()]
    keep_actions = wafv2.WebAclRuleOverrideActionArgs(none=wafv2.WebAclRuleOverrideActionNoneArgs())  # type: ignore[no-untyped-call]  # it takes nothing
    return [
        wafv2.WebAclRuleArgs(
            name=rule.name,
            priority=priority,
            statement=rule.statement,
            action=rule.action,
            override_action=None if rule.action else keep_actions,
            visibility_config=visibility(rule.name),
        )
        for priority, rule in enumerate([*addresses, rate_rule(rate), *groups])
    ]


def address_rule(kind: str, ip_set_arn: Input[str]) -> Rule:
    actions = {
        "block": wafv2.WebAclRuleActionArgs(block=wafv2.WebAclRuleActionBlockArgs()),
        "allow": wafv2.WebAclRuleActionArgs(allow=wafv2.WebAclRuleActionAllowArgs()),
    }
    reference = wafv2.WebAclRuleStatementIpSetReferenceStatementArgs(arn=ip_set_arn)
    statement = wafv2.WebAclRuleStatementArgs(ip_set_reference_statement=reference)
    return Rule(name=kind, statement=statement, action=actions[ADDRESS_ACTIONS[kind]])


def rate_rule(rate: int) -> Rule:
    """Tells 429 and when to come back, since clients take a bare 403 for a refusal of their credential."""
    statement = wafv2.WebAclRuleStatementRateBasedStatementArgs(
        limit=rate, evaluation_window_sec=RATE_WINDOW_S, aggregate_key_type="IP"
    )
    response = wafv2.WebAclRuleActionBlockCustomResponseArgs(
        response_code=429,
        custom_response_body_key=OVER_RATE_KEY,
        response_headers=[
            wafv2.WebAclRuleActionBlockCustomResponseResponseHeaderArgs(
                name="Retry-After", value=str(OVER_RATE_RETRY_S)
            )
        ],
    )
    return Rule(
        name=OVER_RATE_KEY,
        statement=wafv2.WebAclRuleStatementArgs(rate_based_statement=statement),
        action=wafv2.WebAclRuleActionArgs(block=wafv2.WebAclRuleActionBlockArgs(custom_response=response)),
    )


def over_rate_body() -> "wafv2.WebAclCustomResponseBodyArgs":
    """Read by the clients of both protocols: OpenAI's look at `error`, Anthropic's at `type` too."""
    error = {
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
        "message": f"too many requests from this address; retry in {OVER_RATE_RETRY_S} s",
    }
    return wafv2.WebAclCustomResponseBodyArgs(
        key=OVER_RATE_KEY,
        content_type="APPLICATION_JSON",
        content=json.dumps({"type": "error", "error": error}),
    )


def managed_group(name: str, counted: Sequence[str]) -> Rule:
    """AWS's group `name`, with its rules `counted` unable to block."""
    overrides = [
        wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
            name=rule,
            action_to_use=wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
                count=wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
            ),
        )
        for rule in counted
    ]
    statement = wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
        vendor_name="AWS", name=name, rule_action_overrides=overrides
    )
    return Rule(name=name, statement=wafv2.WebAclRuleStatementArgs(managed_rule_group_statement=statement))


def visibility(name: str) -> "wafv2.WebAclRuleVisibilityConfigArgs":
    """Counted, but not sampled: a sample shows headers, and credentials are among them."""
    return wafv2.WebAclRuleVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
