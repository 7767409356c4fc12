"""Listeners and their rules."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.gateway_site import (
    HOST,
    LISTENER,
    LISTENER_RULE,
    Network,
    a_balancer,
    a_certificate_arn,
    a_listener,
    a_network,
    a_rule,
    a_target_group,
)
from tests.local.provider.round_trip import leaves_nothing, lives_and_changes

TLS_1_2 = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
VERIFICATION = {
    "issuer": "https://login.example.com",
    "jwksEndpoint": "https://login.example.com/keys",
    "additionalClaims": [{"name": "aud", "format": "string-array", "values": ["cli"]}],
}
JWT = {"type": "jwt-validation", "jwtValidation": VERIFICATION}
BY_HOST = {"hostHeader": {"values": [HOST]}}


@dataclass(frozen=True)
class Site:
    program: Program
    network: Network
    balancer: Made
    group: Made
    plain: Made
    """Listener on port 8000, with a rule of priority 10."""
    encrypted: Made


@pytest.fixture(scope="module")
def site(shared_program: Program) -> Site:
    network = a_network(shared_program)
    balancer, group = a_balancer(shared_program, network), a_target_group(shared_program, network)
    plain = a_listener(shared_program, balancer, port=8000)
    a_rule(shared_program, plain, group)
    return Site(shared_program, network, balancer, group, plain, an_encrypted_listener(shared_program, balancer))


def fixed(status: str = "401") -> dict[str, Any]:
    return {"type": "fixed-response", "fixedResponse": {"contentType": "application/json", "statusCode": status}}


def an_encrypted_listener(program: Program, balancer: Made, **inputs: Any) -> Made:
    inputs = {"port": 443, "protocol": "HTTPS", "sslPolicy": TLS_1_2, **inputs}
    return a_listener(program, balancer, certificateArn=a_certificate_arn(program), **inputs)


def test_a_listener_changes_in_place_and_leaves_nothing(program: Program) -> None:
    balancer, arn = a_balancer(program, a_network(program)), a_certificate_arn(program)
    same = {"loadBalancerArn": balancer["arn"], "port": 443, "protocol": "HTTPS", "certificateArn": arn}
    hsts = {"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=31536000"}
    listener = program.declare(
        LISTENER, **same | hsts, defaultActions=[fixed()], routingHttpResponseServerEnabled=False
    )

    listener = lives_and_changes(
        program,
        listener,
        dict.fromkeys(["defaultActions", "routingHttpResponseServerEnabled", "sslPolicy", "tags"]),
        **same | hsts,
        sslPolicy=TLS_1_2,
        defaultActions=[fixed("404")],
        tags={"Name": "https"},
    )

    assert listener["routingHttpResponseServerEnabled"] is True
    leaves_nothing(program, listener)


def test_a_listener_redirects_and_moves_to_another_port_in_place(program: Program) -> None:
    balancer = a_balancer(program, a_network(program))
    to_https = {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
    listener = a_listener(program, balancer, defaultActions=[to_https])

    same = {"loadBalancerArn": balancer["arn"], "protocol": "HTTP", "defaultActions": [to_https]}
    lives_and_changes(program, listener, {"port": None}, **same, port=8080)


def test_a_default_action_may_verify_tokens_first(program: Program) -> None:
    network = a_network(program)
    balancer, group = a_balancer(program, network), a_target_group(program, network)
    forward = {"type": "forward", "targetGroupArn": group["arn"]}
    listener = an_encrypted_listener(program, balancer, defaultActions=[JWT, forward])

    assert [action["type"] for action in listener["defaultActions"]] == ["jwt-validation", "forward"]
    assert program.drift(listener) == {}
    leaves_nothing(program, listener)
    assert "jwt-validation actions" not in program.aws.store.kinds()


def test_headers_and_policies_that_are_changed_by_hand_show(program: Program) -> None:
    hsts = "routingHttpResponseStrictTransportSecurityHeaderValue"
    listener = an_encrypted_listener(program, a_balancer(program, a_network(program)), **{hsts: "max-age=1"})
    elb = program.client("elbv2")
    key = "routing.http.response.strict_transport_security.header_value"
    elb.modify_listener_attributes(ListenerArn=listener["arn"], Attributes=[{"Key": key, "Value": ""}])
    elb.modify_listener(ListenerArn=listener["arn"], SslPolicy="ELBSecurityPolicy-2016-08")

    assert program.drift(listener) == {hsts: "", "sslPolicy": "ELBSecurityPolicy-2016-08"}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"protocol": "HTTPS"}, "A certificate must be specified"),
        ({"protocol": "HTTPS", "certificateArn": "arn:aws:acm:us-east-1:1:certificate/none"}, "CertificateNotFound"),
        ({"certificateArn": "arn:aws:acm:us-east-1:1:certificate/none"}, "cannot be specified for HTTP"),
        ({"protocol": "TCP"}, "must be one of|not supported"),
        ({"port": 65_536}, "less than or equal to 65535"),
        ({"defaultActions": [fixed("302")]}, "regular expression"),
        ({"defaultActions": [{"type": "fixed-response"}]}, "must be specified with 'FixedResponseConfig'"),
        ({"defaultActions": [{"type": "refuse"}]}, "enum value set"),
        ({"defaultActions": [JWT]}, "once and as the last"),
        ({"defaultActions": [JWT, {**fixed(), "order": 2}]}, "only on HTTPS listeners"),
        ({"defaultActions": [fixed(), fixed()]}, "once and as the last"),
        ({"defaultActions": [{"type": "forward", "targetGroupArn": "arn:none"}]}, "not found"),
        ({"routingHttpResponseXContentTypeOptionsHeaderValue": "sniff"}, "expected one of nosniff"),
        ({"mutualAuthentication": {"mode": "verify"}}, "not supported by the local AWS"),
    ],
)
def test_a_listener_that_aws_would_refuse_is_refused(site: Site, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        a_listener(site.program, site.balancer, **bad)


def test_a_listener_needs_a_load_balancer_a_free_port_and_an_issued_certificate(program: Program) -> None:
    balancer = a_balancer(program, a_network(program))
    a_listener(program, balancer)
    pending = a_certificate_arn(program, is_issued=False)

    with pytest.raises(Refused, match="DuplicateListener"):
        a_listener(program, balancer)
    with pytest.raises(Refused, match="UnsupportedCertificate"):
        a_listener(program, balancer, port=443, protocol="HTTPS", certificateArn=pending)
    program.remove(balancer)
    with pytest.raises(Refused, match="LoadBalancerNotFound"):
        a_listener(program, balancer)


def test_an_unknown_security_policy_is_refused(program: Program) -> None:
    with pytest.raises(Refused, match="SSLPolicyNotFound"):
        an_encrypted_listener(program, a_balancer(program, a_network(program)), sslPolicy="ELBSecurityPolicy-None")


def test_a_rule_changes_in_place_and_leaves_nothing(program: Program) -> None:
    network = a_network(program)
    balancer, group = a_balancer(program, network), a_target_group(program, network)
    listener = an_encrypted_listener(program, balancer)
    forward = {"type": "forward", "order": 2, "targetGroupArn": group["arn"]}
    bearer = {"httpHeader": {"httpHeaderName": "Authorization", "values": ["Bearer *"]}}
    rule = a_rule(program, listener, group, actions=[{**JWT, "order": 1}, forward], conditions=[BY_HOST, bearer])

    rule = lives_and_changes(
        program,
        rule,
        dict.fromkeys(["actions", "conditions", "priority", "tags"]),
        listenerArn=listener["arn"],
        actions=[{"type": "forward", "targetGroupArn": group["arn"]}],
        conditions=[BY_HOST, {"pathPattern": {"values": ["/health"]}}, {"httpRequestMethod": {"values": ["GET"]}}],
        priority=20,
        tags={"Name": "health"},
    )

    assert not program.aws.store.list("jwt-validation actions")
    leaves_nothing(program, rule)


def test_a_rule_by_query_string_reads_back(program: Program) -> None:
    network = a_network(program)
    listener, group = a_listener(program, a_balancer(program, network)), a_target_group(program, network)
    by_query = {"queryStrings": [{"key": "beta", "value": "1"}, {"value": "preview*"}]}

    leaves_nothing(
        program,
        lives_and_changes(
            program,
            a_rule(program, listener, group, conditions=[by_query]),
            {"priority": None},
            listenerArn=listener["arn"],
            conditions=[by_query],
            actions=[{"type": "forward", "targetGroupArn": group["arn"]}],
            priority=11,
        ),
    )


def test_a_rule_without_priority_comes_after_the_others(program: Program) -> None:
    network = a_network(program)
    listener, group = a_listener(program, a_balancer(program, network)), a_target_group(program, network)
    a_rule(program, listener, group, priority=40)

    rule = a_rule(program, listener, group, priority=None)

    assert rule["priority"] == 41
    assert program.drift(rule) == {}


def test_a_rule_that_is_changed_by_hand_shows(program: Program) -> None:
    network = a_network(program)
    listener, group = a_listener(program, a_balancer(program, network)), a_target_group(program, network)
    rule = a_rule(program, listener, group)
    everyone = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}
    program.client("elbv2").modify_rule(RuleArn=rule["arn"], Conditions=[everyone])

    assert program.drift(rule) == {"conditions": [{"pathPattern": {"values": ["*"]}}]}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"priority": 10}, "PriorityInUse"),
        ({"priority": 50_001}, "less than or equal to 50000"),
        ({"conditions": [BY_HOST, BY_HOST]}, "only have one 'host-header'"),
        ({"conditions": [{"hostHeader": {"values": list("abcdef")}}]}, "only have '5' condition values"),
        ({"conditions": [{"pathPattern": {"values": ["/*/*/*", "/?/?/?/?"]}}]}, "'6' condition wildcards"),
        ({"conditions": [{"pathPattern": {"values": ["/" + "a" * 128]}}]}, "too long"),
        ({"conditions": []}, "A condition value must be specified"),
        ({"conditions": [{"queryStrings": [{"value": "v"}] * 6}]}, "only have '5' condition values"),
        ({"conditions": [{"hostHeader": {"regexValues": ["^a"]}}]}, "not supported by the local AWS"),
        ({"actions": [JWT, fixed()]}, "only on HTTPS listeners"),
        ({"listenerArn": "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/a/1/2"}, "ListenerNotFound"),
    ],
)
def test_a_rule_that_aws_would_refuse_is_refused(site: Site, bad: dict[str, Any], why: str) -> None:
    inputs = {"listenerArn": site.plain["arn"], "priority": 11, "conditions": [BY_HOST], "actions": [fixed()], **bad}

    with pytest.raises(Refused, match=why):
        site.program.declare(LISTENER_RULE, **inputs)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"jwksEndpoint": "http://login.example.com/keys"}, "HTTPS protocol"),
        ({"issuer": "https://" + "i" * 256}, "1 to 256 characters"),
        ({"additionalClaims": [{"name": "aud", "format": "list", "values": ["cli"]}]}, "enum value set"),
        ({"additionalClaims": [{"name": "aud", "format": "string-array", "values": []}]}, "1 to 10 values"),
        (
            {"additionalClaims": [{"name": f"c{n}", "format": "single-string", "values": ["v"]} for n in range(11)]},
            "11",
        ),
    ],
)
def test_a_verification_that_aws_would_refuse_is_refused(site: Site, change: dict[str, Any], why: str) -> None:
    verification = {**JWT, "jwtValidation": {**VERIFICATION, **change}}
    forward = {"type": "forward", "targetGroupArn": site.group["arn"]}

    with pytest.raises(Refused, match=why):
        a_rule(site.program, site.encrypted, site.group, actions=[verification, forward])
