"""Where the load balancer sends requests for the router."""

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from opencode_components.router_container import PORT, stop_timeout_s

HEALTH_CHECK = aws.lb.TargetGroupHealthCheckArgs(
    path="/ready", matcher="200", interval=15, timeout=10, healthy_threshold=2, unhealthy_threshold=4
)
"""Readiness, so that a release that cannot reach its tables, Bedrock or the issuer never takes over and is rolled back,
and a task that is going away gets nothing new. Whether the process lives is the container's own health check.

ECS replaces what stays unready for a minute, but starts the replacement first: when what all tasks depend on is gone,
they stay, and the load balancer uses them all.
Source: AWS containers blog, "A deep dive into Amazon ECS task health and task replacement" (read 2026-11-21).
"""


def target_group(
    name: str, region: str, vpc_id: Input[str], drain_s: int, of_self: ResourceOptions
) -> aws.lb.TargetGroup:
    """The router's tasks, by address. One that leaves keeps its open connections until it would be killed anyway."""
    return aws.lb.TargetGroup(
        name,
        region=region,
        vpc_id=vpc_id,
        target_type="ip",
        protocol="HTTP",
        protocol_version="HTTP1",
        port=PORT,
        deregistration_delay=stop_timeout_s(drain_s),
        load_balancing_algorithm_type="least_outstanding_requests",
        health_check=HEALTH_CHECK,
        opts=of_self,
    )
