"""The two listeners of the load balancer: HTTPS, which refuses what no rule lets through, and HTTP, which redirects."""

import json
from collections.abc import Mapping

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

HTTP_PORT, HTTPS_PORT = 80, 443
SSL_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.3 and 1.2, only ciphers with forward secrecy and authentication, post-quantum key exchange for who can.

What the console proposes. Source: Application Load Balancer user guide, "Security policies" (read 2026-11-21).
"""
HSTS = "max-age=31536000"
"""A year, for this host alone: what is below it may belong to others."""
UNAUTHENTICATED: Mapping[str, object] = {
    "error": {
        "message": "send an API key (X-API-Key: oc_...) or a token (Authorization: Bearer ...)",
        "type": "authentication_error",
        "param": None,
        "code": "missing_credentials",
    }
}
"""The router's own 401, in the shape of OpenAI's errors."""


def https_listener(
    name: str, region: str, balancer: aws.lb.LoadBalancer, certificate_arn: Input[str], of_self: ResourceOptions
) -> aws.lb.Listener:
    """Refuses what no rule lets through."""
    refuse = aws.lb.ListenerDefaultActionFixedResponseArgs(
        content_type="application/json", status_code="401", message_body=json.dumps(UNAUTHENTICATED)
    )
    return aws.lb.Listener(
        f"{name}-https",
        region=region,
        load_balancer_arn=balancer.arn,
        port=HTTPS_PORT,
        protocol="HTTPS",
        ssl_policy=SSL_POLICY,
        certificate_arn=certificate_arn,
        default_actions=[aws.lb.ListenerDefaultActionArgs(type="fixed-response", fixed_response=refuse)],
        routing_http_response_strict_transport_security_header_value=HSTS,
        routing_http_response_x_content_type_options_header_value="nosniff",
        routing_http_response_server_enabled=False,
        opts=of_self,
    )


def redirect_listener(name: str, region: str, balancer: aws.lb.LoadBalancer, of_self: ResourceOptions) -> None:
    to_https = aws.lb.ListenerDefaultActionRedirectArgs(protocol="HTTPS", port=str(HTTPS_PORT), status_code="HTTP_301")
    aws.lb.Listener(
        f"{name}-http",
        region=region,
        load_balancer_arn=balancer.arn,
        port=HTTP_PORT,
        protocol="HTTP",
        default_actions=[aws.lb.ListenerDefaultActionArgs(type="redirect", redirect=to_https)],
        opts=of_self,
    )
