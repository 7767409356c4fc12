"""A Distribution on a listener as a program would declare it, and an AWS that keeps a client's secret."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from opencode_components.distribution import Distribution, DistributionArgs
from opencode_components.testing.placeholders import Placeholders

HOST, GATEWAY = "downloads.example.com", "ai.example.com"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/dev-api/50dc6c495c0c9188"
BUCKET = "arn:aws:s3:::dev-releases"
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


def distribution(**changes: Any) -> Callable[[], None]:
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
            "bucket_name": "dev-releases",
            "bucket_arn": BUCKET,
            "release_keys": ["first-key", "second-key"],
            "archive": pulumi.AssetArchive({"serve_downloads/__init__.py": pulumi.StringAsset("")}),
            "issuer": ISSUER,
            "browser_client_id": "gateway-browser",
            "log_retention_days": 30,
            **changes,
        }
        # Whatever a test changes is an arg of the component: it is the component that checks.
        site = Distribution("dev-site", DistributionArgs(**args))  # type: ignore[typeddict-item]
        for output in Distribution.__annotations__:
            pulumi.export(output, getattr(site, output))

    return program


def keeping(secret: object) -> Placeholders:
    """An AWS whose secret holds this."""
    text = secret if isinstance(secret, str) else json.dumps(secret)
    return Placeholders(
        invokes={"aws:secretsmanager/getSecretVersion:getSecretVersion": {"id": SECRET_ARN, "secretString": text}}
    )
