"""What the rules of a web ACL look at and do, and how much capacity they take.

Source: AWS WAF API reference, Statement and RuleAction, and AWS WAF developer guide, "Baseline rule groups", "IP
reputation rule groups", "Use-case specific rule groups" and "Web ACL capacity units" (read 2026-11-21).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handlers.waf_parts import GONE
from opencode_local.provider.members import block, blocks, value, values

MANAGED_CAPACITY: Mapping[str, int] = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesWindowsRuleSet": 200,
    "AWSManagedRulesPHPRuleSet": 100,
    "AWSManagedRulesWordPressRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
}
"""Groups that AWS manages without further configuration, with their capacity units."""
MAX_CAPACITY = 5000
IP_SET, MANAGED = "IPSetReferenceStatement", "ManagedRuleGroupStatement"
CAPACITY: Mapping[str, int] = {IP_SET: 1, "GeoMatchStatement": 1, "LabelMatchStatement": 1, "RateBasedStatement": 2}
RESPONSE = block(
    "customResponse",
    *values("responseCode", "customResponseBodyKey"),
    blocks("responseHeaders", *values("name", "value")),
)
RULE_ACTION = (value("allow"), block("block", RESPONSE), value("count"), value("captcha"), value("challenge"))
DEFAULT_ACTION = RULE_ACTION[:2]
VISIBILITY = block(
    "visibilityConfig",
    value("cloudwatchMetricsEnabled", "CloudWatchMetricsEnabled"),
    *values("metricName", "sampledRequestsEnabled"),
)
SIMPLE = (
    block("ipSetReferenceStatement", value("arn", "ARN"), member="IPSetReferenceStatement"),
    block("geoMatchStatement", *values("countryCodes")),
    block("labelMatchStatement", *values("key", "scope")),
)
LOGICAL = (
    *SIMPLE,
    block("andStatement", blocks("statements", *SIMPLE)),
    block("orStatement", blocks("statements", *SIMPLE)),
)
SCOPE_DOWN = block("scopeDownStatement", *LOGICAL)
STATEMENT = (
    *LOGICAL,
    block("rateBasedStatement", *values("limit", "evaluationWindowSec", "aggregateKeyType"), SCOPE_DOWN),
    block(
        "managedRuleGroupStatement",
        *values("name", "vendorName", "version"),
        blocks("ruleActionOverrides", value("name"), block("actionToUse", *RULE_ACTION)),
        SCOPE_DOWN,
    ),
)
RULE = (
    *values("name", "priority"),
    block("action", *RULE_ACTION),
    block("overrideAction", value("count"), value("none")),
    block("statement", *STATEMENT),
    blocks("ruleLabels", *values("name")),
    VISIBILITY,
)


def capacity(rules: Sequence[Mapping[str, Any]]) -> int:
    """Web ACL capacity units of AWS's rules, by the fixed price of each statement."""
    return sum(
        CAPACITY.get(kind, 0) + (MANAGED_CAPACITY.get(statement.get("Name", ""), 0) if kind == MANAGED else 0)
        for rule in rules
        for kind, statement in _statements(rule["Statement"])
    )


def refuse_rules(aws: Aws, operation: str, acl: Mapping[str, Any]) -> None:
    """Raises AwsError for what the service model does not say."""
    rules = acl["Rules"]
    for name in ("Name", "Priority"):
        given = [rule[name] for rule in rules]
        if len(set(given)) != len(given):
            raise _invalid(operation, f"duplicate {name} among the rules: {given}")
    for rule in rules:
        _refuse_action(operation, rule)
        for kind, statement in _statements(rule["Statement"]):
            _refuse_reference(aws, operation, kind, statement)
        _refuse_response(operation, rule.get("Action", {}), acl.get("CustomResponseBodies", {}))
    if capacity(rules) > MAX_CAPACITY:
        raise AwsError("WAFLimitsExceededException", f"{capacity(rules)} WCUs, of {MAX_CAPACITY} allowed", operation)


def _statements(statement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The kind and content of a statement and of those within."""
    for kind, content in statement.items():
        yield kind, content
        for within in [*content.get("Statements", ()), content.get("ScopeDownStatement", {})]:
            yield from _statements(within)


def _refuse_action(operation: str, rule: Mapping[str, Any]) -> None:
    if len(rule["Statement"]) != 1:
        raise _invalid(operation, f"rule {rule['Name']} must have exactly one statement")
    wanted, other = ("OverrideAction", "Action") if MANAGED in rule["Statement"] else ("Action", "OverrideAction")
    if len(rule.get(wanted) or {}) != 1 or rule.get(other):
        raise _invalid(operation, f"rule {rule['Name']} must have exactly one {wanted}, and no {other}")


def _refuse_reference(aws: Aws, operation: str, kind: str, statement: Mapping[str, Any]) -> None:
    if kind == MANAGED and (statement["VendorName"] != "AWS" or statement["Name"] not in MANAGED_CAPACITY):
        group = f"{statement['VendorName']}/{statement['Name']}"
        raise AwsError(GONE, f"AWS WAF couldn't find the managed rule group {group}", operation)
    if kind == IP_SET:
        sets = aws.client("wafv2").list_ip_sets(Scope="REGIONAL")["IPSets"]
        if statement["ARN"] not in {each["ARN"] for each in sets}:
            raise AwsError(GONE, f"AWS WAF couldn't find the IP set {statement['ARN']}", operation)


def _refuse_response(operation: str, action: Mapping[str, Any], bodies: Mapping[str, Any]) -> None:
    response = (action.get("Block") or {}).get("CustomResponse") or {}
    key = response.get("CustomResponseBodyKey")
    if key and key not in bodies:
        raise _invalid(operation, f"there is no custom response body {key}")


def _invalid(operation: str, reason: str) -> AwsError:
    return AwsError("WAFInvalidParameterException", f"Error reason: {reason}", operation)
