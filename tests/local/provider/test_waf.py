"""Web ACLs, IP sets, what they protect and where they log."""

from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.gateway_site import a_balancer, a_network
from tests.local.provider.round_trip import leaves_nothing, lives_and_changes

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
IP_SET = "aws:wafv2/ipSet:IpSet"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
BODY = {"key": "over-rate", "contentType": "APPLICATION_JSON", "content": "{}"}


def visibility(name: str) -> dict[str, Any]:
    return {"cloudwatchMetricsEnabled": True, "metricName": name, "sampledRequestsEnabled": False}


def a_rule(name: str, priority: int, statement: dict[str, Any], **action: Any) -> dict[str, Any]:
    rule = {"name": name, "priority": priority, "statement": statement, "visibilityConfig": visibility(name)}
    return {**rule, **(action or {"action": {"block": {}}})}


def of_addresses(arn: str, **action: Any) -> dict[str, Any]:
    return a_rule("addresses", 0, {"ipSetReferenceStatement": {"arn": arn}}, **action)


def over_rate(limit: int = 1000, **change: Any) -> dict[str, Any]:
    statement = {"limit": limit, "evaluationWindowSec": 300, "aggregateKeyType": "IP", **change}
    headers = [{"name": "Retry-After", "value": "60"}]
    response = {"responseCode": 429, "customResponseBodyKey": "over-rate", "responseHeaders": headers}
    return a_rule("rate", 1, {"rateBasedStatement": statement}, action={"block": {"customResponse": response}})


def managed(name: str = "AWSManagedRulesCommonRuleSet", **action: Any) -> dict[str, Any]:
    overrides = [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}]
    group = {"vendorName": "AWS", "name": name, "ruleActionOverrides": overrides}
    return a_rule(name, 2, {"managedRuleGroupStatement": group}, **(action or {"overrideAction": {"none": {}}}))


def settings(**change: Any) -> dict[str, Any]:
    return {
        "scope": "REGIONAL",
        "defaultAction": {"allow": {}},
        "visibilityConfig": visibility("firewall"),
        "rules": [over_rate(), managed()],
        "customResponseBodies": [BODY],
        **change,
    }


def an_ip_set(program: Program, **change: Any) -> Made:
    inputs = {"scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": ["198.51.100.0/24"], **change}
    return program.declare(IP_SET, **inputs)


def test_an_ip_set_changes_in_place_and_leaves_nothing(program: Program) -> None:
    ip_set = an_ip_set(program)

    same = {"scope": "REGIONAL", "addresses": ["203.0.113.0/24", "192.0.2.1/32"], "tags": {"Name": "offices"}}
    ip_set = lives_and_changes(program, ip_set, {"addresses": None, "tags": None}, ipAddressVersion="IPV4", **same)

    assert program.plan(ip_set, ipAddressVersion="IPV6", **same) == {"ipAddressVersion": True}
    leaves_nothing(program, ip_set)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"addresses": ["198.51.100.0/33"]}, "formatting that is not valid"),
        ({"addresses": ["0.0.0.0/0"]}, "formatting that is not valid"),
        ({"addresses": ["2001:db8::/32"]}, "formatting that is not valid"),
        ({"addresses": ["198.51.100.7"]}, "formatting that is not valid"),
        ({"scope": "GLOBAL"}, "enum value set"),
        ({"name": "a b"}, "regular expression"),
    ],
)
def test_an_ip_set_that_aws_would_refuse_is_refused(shared_program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        an_ip_set(shared_program, **bad)


def test_a_web_acl_changes_in_place_and_leaves_nothing(program: Program) -> None:
    ip_set = an_ip_set(program)
    acl = program.declare(WEB_ACL, **settings())
    assert acl["capacity"] == 702

    acl = lives_and_changes(
        program,
        acl,
        dict.fromkeys(["defaultAction", "rules", "tags", "visibilityConfig"]),
        **settings(
            defaultAction={"block": {}},
            rules=[of_addresses(ip_set["arn"], action={"allow": {}}), over_rate(2000), managed()],
            visibilityConfig=visibility("gateway"),
            tags={"Name": "firewall"},
        ),
    )

    with pytest.raises(Refused, match="still in use"):
        program.remove(ip_set)
    leaves_nothing(program, acl)
    leaves_nothing(program, ip_set)


def test_a_rule_that_is_removed_by_hand_shows(program: Program) -> None:
    acl = program.declare(WEB_ACL, **settings())
    waf = program.client("wafv2")
    there = waf.get_web_acl(Name=acl["name"], Id=acl.id, Scope="REGIONAL")
    kept = {name: there["WebACL"][name] for name in ("Name", "Id", "DefaultAction", "VisibilityConfig")}
    waf.update_web_acl(**kept, Scope="REGIONAL", LockToken=there["LockToken"], Rules=there["WebACL"]["Rules"][:1])

    assert [rule["name"] for rule in program.drift(acl)["rules"]] == ["rate"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"rules": [of_addresses("arn:aws:wafv2:us-east-1:123456789012:none")]}, "couldn't find the IP set"),
        ({"rules": [managed("AWSManagedRulesEverything")]}, "couldn't find the managed rule group"),
        ({"rules": [managed(action={"block": {}})]}, "exactly one OverrideAction"),
        ({"rules": [a_rule("two", 1, over_rate()["statement"], action={"allow": {}, "block": {}})]}, "one Action"),
        ({"rules": [over_rate(), over_rate()]}, "duplicate Name"),
        ({"rules": [over_rate(), {**managed(), "priority": 1}]}, "duplicate Priority"),
        ({"rules": [over_rate(limit=9)]}, "greater than or equal to 10"),
        ({"rules": [over_rate(aggregateKeyType="USER")]}, "enum value set"),
        ({"customResponseBodies": []}, "no custom response body over-rate"),
        ({"customResponseBodies": [{**BODY, "contentType": "text/html"}]}, "enum value set"),
        ({"scope": "CLOUDFRONT"}, "only REGIONAL"),
        ({"captchaConfig": {"immunityTimeProperty": {"immunityTime": 60}}}, "not supported by the local AWS"),
        (
            {"rules": [a_rule("r", 1, {"sqliMatchStatement": {"textTransformations": []}})]},
            "not supported by the local",
        ),
    ],
)
def test_a_web_acl_that_aws_would_refuse_is_refused(shared_program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(WEB_ACL, **settings(**bad))


def test_a_web_acl_protects_a_load_balancer_until_that_ends(program: Program) -> None:
    balancer = a_balancer(program, a_network(program))
    acl, other = program.declare(WEB_ACL, **settings()), program.declare(WEB_ACL, **settings())
    association = program.declare(ASSOCIATION, resourceArn=balancer["arn"], webAclArn=acl["arn"])

    assert program.drift(association) == {}
    assert program.plan(association, resourceArn=balancer["arn"], webAclArn=other["arn"]) == {"webAclArn": True}
    with pytest.raises(Refused, match="still associated"):
        program.remove(acl)
    program.declare(ASSOCIATION, resourceArn=balancer["arn"], webAclArn=other["arn"])
    assert not program.is_there(association), "a resource has one web ACL"
    leaves_nothing(program, association)
    leaves_nothing(program, acl)


def test_a_web_acl_protects_only_what_is_there(program: Program) -> None:
    balancer = a_balancer(program, a_network(program))
    acl = program.declare(WEB_ACL, **settings())
    none = f"{balancer['arn'][:-4]}0000"

    with pytest.raises(Refused, match="WAFUnavailableEntityException"):
        program.declare(ASSOCIATION, resourceArn=none, webAclArn=acl["arn"])
    with pytest.raises(Refused, match="WAFNonexistentItemException"):
        program.declare(ASSOCIATION, resourceArn=balancer["arn"], webAclArn=f"{acl['arn'][:-4]}0000")


def a_destination(program: Program, name: str = "aws-waf-logs-gateway") -> str:
    program.client("logs").create_log_group(logGroupName=name)
    return program.aws.arn("logs", f"log-group:{name}")


def test_a_log_changes_in_place_and_leaves_nothing(program: Program) -> None:
    destination = a_destination(program)
    arn = program.declare(WEB_ACL, **settings())["arn"]
    same = {"resourceArn": arn, "logDestinationConfigs": [destination]}
    log = program.declare(LOGGING, **same, redactedFields=[{"singleHeader": {"name": "authorization"}}])

    log = lives_and_changes(
        program,
        log,
        dict.fromkeys(["loggingFilter", "redactedFields"]),
        **same,
        redactedFields=[{"singleHeader": {"name": "authorization"}}, {"singleHeader": {"name": "cookie"}}],
        loggingFilter={
            "defaultBehavior": "DROP",
            "filters": [
                {
                    "behavior": "KEEP",
                    "requirement": "MEETS_ANY",
                    "conditions": [{"actionCondition": {"action": "BLOCK"}}],
                }
            ],
        },
    )

    leaves_nothing(program, log)


def test_a_log_goes_only_where_it_may(program: Program) -> None:
    acl = program.declare(WEB_ACL, **settings())
    good, misnamed = a_destination(program), a_destination(program, "gateway")

    for destination in (misnamed, f"{good}-none", "arn:aws:s3:::aws-waf-logs-none"):
        with pytest.raises(Refused, match="LOG_DESTINATION"):
            program.declare(LOGGING, resourceArn=acl["arn"], logDestinationConfigs=[destination])
    with pytest.raises(Refused, match="couldn't find the web ACL"):
        program.declare(LOGGING, resourceArn=f"{acl['arn'][:-4]}0000", logDestinationConfigs=[good])
