"""What the rules of a web ACL look at and do, and how much capacity they take.

Source: AWS WAF API reference, Statement and RuleAction, and AWS WAF developer guide, "Baseline rule groups", "IP
reputation rule groups", "Use-case specific rule groups" and "Web ACL capacity units" (read 2026-11-21).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.members import block, blocks, request, value, values

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
CAPACITY: Mapping[str, int] = {"IPSetReferenceStatement": 1, "GeoMatchStatement": 1, "LabelMatchStatement": 1}
RATE_CAPACITY = 2
NEGATION = "NotStatement"
COMBINATIONS = ("AndStatement", "OrStatement")
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
    block("notStatement", blocks("statements", *SIMPLE, member="Statement")),
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
EMPTY_BLOCKS = frozenset({"Allow", "Block", "Count", "None", "Captcha", "Challenge"})
