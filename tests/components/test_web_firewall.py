"""A web ACL that stops attackers and lets agents through."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from opencode_components.testing.graph import Graph
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure
from opencode_components.web_firewall import WebFirewall, WebFirewallArgs

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
IP_SET = "aws:wafv2/ipSet:IpSet"
LOAD_BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/dev-api/50dc6c495c0c9188"
RULES: Mapping[str, tuple[str, ...]] = {
    "AWSManagedRulesAmazonIpReputationList": (
        "AWSManagedIPReputationList",
        "AWSManagedReconnaissanceList",
        "AWSManagedIPDDoSList",
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": (
        "JavaDeserializationRCE_HEADER",
        "JavaDeserializationRCE_BODY",
        "JavaDeserializationRCE_URIPATH",
        "JavaDeserializationRCE_QUERYSTRING",
        "Host_localhost_HEADER",
        "PROPFIND_METHOD",
        "ExploitablePaths_URIPATH",
        "Log4JRCE_HEADER",
        "Log4JRCE_QUERYSTRING",
        "Log4JRCE_BODY",
        "Log4JRCE_URIPATH",
        "ReactJSRCE_BODY",
    ),
    "AWSManagedRulesCommonRuleSet": (
        "NoUserAgent_HEADER",
        "UserAgent_BadBots_HEADER",
        "SizeRestrictions_QUERYSTRING",
        "SizeRestrictions_Cookie_HEADER",
        "SizeRestrictions_BODY",
        "SizeRestrictions_URIPATH",
        "EC2MetaDataSSRF_BODY",
        "EC2MetaDataSSRF_COOKIE",
        "EC2MetaDataSSRF_URIPATH",
        "EC2MetaDataSSRF_QUERYARGUMENTS",
        "GenericLFI_QUERYARGUMENTS",
        "GenericLFI_URIPATH",
        "GenericLFI_BODY",
        "RestrictedExtensions_URIPATH",
        "RestrictedExtensions_QUERYARGUMENTS",
        "GenericRFI_QUERYARGUMENTS",
        "GenericRFI_BODY",
        "GenericRFI_URIPATH",
        "CrossSiteScripting_COOKIE",
        "CrossSiteScripting_QUERYARGUMENTS",
        "CrossSiteScripting_BODY",
        "CrossSiteScripting_URIPATH",
    ),
}
"""Source: AWS WAF developer guide, "Baseline rule groups" and "IP reputation rule groups" (read 2026-11-21)."""


def deployed(deploy: Deploy, **changes: Any) -> Graph:
    args = {"load_balancer_arn": LOAD_BALANCER, "requests_per_5_minutes_per_ip": 2000, **changes}
    return deploy(lambda: WebFirewall("dev-waf", cast(WebFirewallArgs, args)))


def rules(graph: Graph) -> list[dict[str, Any]]:
    return sorted(graph.one(WEB_ACL).inputs["rules"], key=lambda rule: int(rule["priority"]))


def groups(graph: Graph) -> Iterator[dict[str, Any]]:
    for rule in rules(graph):
        if group := rule["statement"].get("managedRuleGroupStatement"):
            assert rule["overrideAction"] == {"none": {}}, "the group's own actions hold, but for those overridden"
            yield group


def can_block(graph: Graph) -> Iterator[str]:
    """Names of the managed rules that keep their action."""
    for group in groups(graph):
        counted = {rule["name"] for rule in group["ruleActionOverrides"] if rule["actionToUse"] == {"count": {}}}
        assert counted <= set(RULES[group["name"]]), "an override of a rule that is not in the group does nothing"
        yield from (rule for rule in RULES[group["name"]] if rule not in counted)


def test_no_rule_that_can_block_looks_at_the_body_so_that_a_megabyte_of_code_passes(deploy: Deploy) -> None:
    graph = deployed(deploy, allowed_cidrs=["198.51.100.0/24"], blocked_cidrs=["203.0.113.0/24"])

    assert [rule for rule in can_block(graph) if rule.endswith("_BODY")] == []
    own = [rule["statement"] for rule in rules(graph) if "managedRuleGroupStatement" not in rule["statement"]]
    assert [set(statement) for statement in own] == [
        {"ipSetReferenceStatement"},
        {"ipSetReferenceStatement"},
        {"rateBasedStatement"},
    ]


def test_a_script_without_a_user_agent_passes_and_a_scanner_does_not(deploy: Deploy) -> None:
    blocking = set(can_block(deployed(deploy)))

    assert "NoUserAgent_HEADER" not in blocking
    assert {"UserAgent_BadBots_HEADER", "Log4JRCE_HEADER", "GenericLFI_URIPATH", "PROPFIND_METHOD"} <= blocking


def test_all_three_managed_groups_are_asked_after_the_addresses_and_the_rate(deploy: Deploy) -> None:
    graph = deployed(deploy, blocked_cidrs=["203.0.113.0/24", "2001:db8::/32"], allowed_cidrs=["198.51.100.0/24"])

    assert [rule["name"] for rule in rules(graph)] == [
        "blocked-ipv4",
        "blocked-ipv6",
        "allowed-ipv4",
        "over-rate",
        *RULES,
    ]
    assert {
        ip_set.inputs["ipAddressVersion"]: ip_set.inputs["addresses"] for ip_set in graph.all(IP_SET, "*blocked*")
    } == {
        "IPV4": ["203.0.113.0/24"],
        "IPV6": ["2001:db8::/32"],
    }


def test_an_address_over_the_rate_is_told_when_to_come_back(deploy: Deploy) -> None:
    graph = deployed(deploy)
    (rule,) = (rule for rule in rules(graph) if rule["name"] == "over-rate")
    response = rule["action"]["block"]["customResponse"]

    assert rule["statement"]["rateBasedStatement"]["limit"] == 2000
    assert rule["statement"]["rateBasedStatement"]["evaluationWindowSec"] == 300
    assert response["responseCode"] == 429
    assert response["responseHeaders"] == [{"name": "Retry-After", "value": "60"}]
    assert response["customResponseBodyKey"] in {b["key"] for b in graph.one(WEB_ACL).inputs["customResponseBodies"]}


def test_without_a_matching_rule_a_request_reaches_the_associated_load_balancer(deploy: Deploy) -> None:
    graph = deployed(deploy)
    association = graph.one("aws:wafv2/webAclAssociation:WebAclAssociation")

    assert graph.one(WEB_ACL).inputs["defaultAction"] == {"allow": {}}
    assert graph.one(WEB_ACL).inputs["scope"] == "REGIONAL"
    assert association.inputs["resourceArn"] == LOAD_BALANCER
    assert association.inputs["webAclArn"] == graph.one(WEB_ACL).outputs["arn"]


def test_credentials_are_in_neither_samples_nor_logs(deploy: Deploy) -> None:
    graph = deployed(deploy, log_destination_arn="arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-dev")
    logging = graph.one("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    configs = [graph.one(WEB_ACL).inputs, *rules(graph)]

    assert {config["visibilityConfig"]["sampledRequestsEnabled"] for config in configs} == {False}
    assert {field["singleHeader"]["name"] for field in logging["redactedFields"]} >= {"authorization", "x-api-key"}


def test_every_security_rule_holds(deploy: Deploy) -> None:
    assert_secure(deployed(deploy, blocked_cidrs=["203.0.113.0/24"]))


def test_nothing_is_logged_unless_asked_for(deploy: Deploy) -> None:
    assert deployed(deploy).all("aws:wafv2/webAclLoggingConfiguration:*") == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"requests_per_5_minutes_per_ip": 9}, "requests_per_5_minutes_per_ip: 9"),
        ({"requests_per_5_minutes_per_ip": 3_000_000_000}, "requests_per_5_minutes_per_ip"),
        ({"allowed_cidrs": ["0.0.0.0/0"]}, "allowed_cidrs: '0.0.0.0/0'"),
        ({"blocked_cidrs": ["::/0"]}, "blocked_cidrs: '::/0'"),
        ({"blocked_cidrs": ["203.0.113.7/24"]}, "blocked_cidrs: '203.0.113.7/24'"),
        ({"blocked_cidrs": ["example.com"]}, "blocked_cidrs: 'example.com'"),
    ],
)
def test_what_cannot_be_is_refused_by_key_and_value(deploy: Deploy, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        deployed(deploy, **changes)
