"""A Share on a listener as a program would declare it, and what its functions may do."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from opencode_components.share import Share, ShareArgs
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam import evaluate
from tests.components.distribution_program import BALANCER, ISSUER

HOST, GATEWAY = "share.example.com", "ai.example.com"
API, VIEW, LIVE = "api", "view", "live"
FUNCTION, TABLE, LOG_GROUP = (
    "aws:lambda/function:Function",
    "aws:dynamodb/table:Table",
    "aws:cloudwatch/logGroup:LogGroup",
)
ID = "a" * 32
KEY = "arn:aws:kms:us-east-1:123456789012:key/0b7c"
CODE = {"share_sessions/__init__.py": pulumi.StringAsset("")}


def share(**changes: Any) -> Callable[[], None]:
    def program() -> None:
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
        args = {
            "region": "us-east-1",
            "host": HOST,
            "zone_id": "Z0123456789EXAMPLE",
            "gateway_url": f"https://{GATEWAY}",
            "https_listener_arn": listener.arn,
            "load_balancer_arn": BALANCER,
            "load_balancer_dns_name": "dev-api-1234567890.us-east-1.elb.amazonaws.com",
            "load_balancer_zone_id": "Z35SXDOTRQ7X7K",
            "archive": pulumi.AssetArchive(dict(CODE)),
            "issuer": ISSUER,
            "browser_client_id": "gateway-browser",
            "log_retention_days": 30,
            **changes,
        }
        # Whatever a test changes is an arg of the component: it is the component that checks.
        sharing = Share("dev-shares", ShareArgs(**args))  # type: ignore[typeddict-item]
        for output in Share.__annotations__:
            pulumi.export(output, getattr(sharing, output))

    return program


def function(graph: Graph, which: str) -> Resource:
    return graph.one(FUNCTION, f"dev-shares-{which}")


def may(graph: Graph, which: str, action: str, arn: str, context: dict[str, str] | None = None) -> bool:
    role = graph.one("aws:iam/role:Role", f"dev-shares-{which}")
    return evaluate(graph, role, action, arn, context).allowed


def arn_of(graph: Graph, type_: str, name: str = "dev-shares") -> str:
    return str(graph.one(type_, name).outputs["arn"])
