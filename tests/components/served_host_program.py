"""What every component with a host of its own is made on, which of its functions answers whom, and a client's key."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi_aws as aws

from opencode_components.testing.graph import Graph
from opencode_components.testing.listener_conditions import Request
from opencode_components.testing.listener_rules import route
from opencode_components.testing.placeholders import Placeholders

GATEWAY = "ai.example.com"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/dev-api/50dc6c495c0c9188"
ISSUER = "https://login.example.com/"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Ab1"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:idp-AbCdEf"
SECRET = "s3cr3t-of-the-confidential-client"
COGNITO: Mapping[str, Any] = {"user_pool_arn": POOL, "user_pool_domain": "opencode-dev"}
OIDC: Mapping[str, Any] = {
    "authorization_endpoint": "https://login.example.com/authorize",
    "token_endpoint": "https://login.example.com/token",
    "userinfo_endpoint": "https://login.example.com/userinfo",
    "browser_client_secret_arn": SECRET_ARN,
}
FUNCTION, RULE = "aws:lambda/function:Function", "aws:lb/listenerRule:ListenerRule"
REFUSED, SIGN_IN = "refused", "sent to sign in"

Way = tuple[str, str, str, str, str]
"""Method, path and host of a request; what answers it without a session, and with one."""


def host_args(host: str) -> dict[str, Any]:
    """What all of them are given, with a listener that refuses whatever no rule is about."""
    refuse = aws.lb.ListenerDefaultActionFixedResponseArgs(content_type="text/plain", status_code="401")
    listener = aws.lb.Listener(
        "https",
        load_balancer_arn=BALANCER,
        port=443,
        protocol="HTTPS",
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/0b7c",
        default_actions=[aws.lb.ListenerDefaultActionArgs(type="fixed-response", fixed_response=refuse)],
    )
    return {
        "region": "us-east-1",
        "host": host,
        "zone_id": "Z0123456789EXAMPLE",
        "gateway_url": f"https://{GATEWAY}",
        "https_listener_arn": listener.arn,
        "load_balancer_arn": BALANCER,
        "load_balancer_dns_name": "dev-api-1234567890.us-east-1.elb.amazonaws.com",
        "load_balancer_zone_id": "Z35SXDOTRQ7X7K",
        "issuer": ISSUER,
        "browser_client_id": "gateway-browser",
        "log_retention_days": 30,
    }


def keeping(secret: object) -> Placeholders:
    """An AWS whose secret holds this."""
    text = secret if isinstance(secret, str) else json.dumps(secret)
    return Placeholders(
        invokes={"aws:secretsmanager/getSecretVersion:getSecretVersion": {"id": SECRET_ARN, "secretString": text}}
    )


def ways(graph: Graph, requests: Iterable[Way]) -> list[Way]:
    """The same requests with what does answer them."""
    found = []
    for method, path, host, *_ in requests:
        stranger = Request(method=method, path=path, host=host)
        person = dataclasses.replace(stranger, has_session=lambda _: True)
        found.append((method, path, host, reached(graph, stranger), reached(graph, person)))
    return found


def reached(graph: Graph, request: Request) -> str:
    """The last word of the name of the function that answers, or what becomes of the request before."""
    decision = route(graph, request)
    if decision.outcome != "forward":
        return SIGN_IN if decision.outcome == "redirect" else REFUSED
    (target,) = decision.target_group_arns
    (attached,) = (
        each
        for each in graph.all("aws:lb/targetGroupAttachment:TargetGroupAttachment")
        if each.inputs["targetGroupArn"] == target
    )
    found = graph.identified(attached.inputs["targetId"])
    assert found is not None
    return found.name.rpartition("-")[2]
