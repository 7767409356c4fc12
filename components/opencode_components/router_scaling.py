"""How many tasks run, and on what: spare capacity, on demand, and when there are more."""

from collections.abc import Sequence
from typing import NamedTuple

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.refusals import refusal

ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"
CPU_PERCENT = 60.0
"""Of all tasks together, at which there are more: a burst has to fit in while they start."""
SCALE_OUT_S, SCALE_IN_S = 60, 300
"""Pauses between two changes: quick to help, slow to save."""


class ScaledService(NamedTuple):
    """A service, and what its parts are declared with."""

    name: str
    region: str
    cluster_name: Input[str]
    service_name: Input[str]
    of_self: ResourceOptions


def checked_tasks(min_tasks: int, max_tasks: int) -> tuple[int, int]:
    if min_tasks < 1:
        raise refusal("min_tasks", min_tasks, reason="would leave nobody to answer", fix="use 1 or more")
    if max_tasks < min_tasks:
        fix = f"use {min_tasks} or more"
        raise refusal("max_tasks", max_tasks, reason=f"is less than min_tasks, {min_tasks}", fix=fix)
    return min_tasks, max_tasks


def checked_share(spot_percent: int) -> int:
    if not 0 <= spot_percent <= 100:
        raise refusal("spot_percent", spot_percent, reason="is no share", fix="use 0 to 100")
    return spot_percent


def checked_load(requests_per_minute: int) -> int:
    if requests_per_minute < 1:
        key = "requests_per_task_per_minute"
        raise refusal(key, requests_per_minute, reason="is no load", fix="use 1 or more")
    return requests_per_minute


def capacity_strategies(spot_percent: int) -> Sequence[aws.ecs.ServiceCapacityProviderStrategyArgs]:
    """The first task is always on demand; `spot_percent` of those beyond it are on Spot capacity.

    Source: ECS developer guide, "Amazon ECS clusters for Fargate", base and weight (read 2026-11-21).
    """
    strategy = aws.ecs.ServiceCapacityProviderStrategyArgs
    spot = [strategy(capacity_provider=SPOT, weight=spot_percent)] if spot_percent else []
    return [strategy(capacity_provider=ON_DEMAND, base=1, weight=100 - spot_percent), *spot]


def scaling(
    service: ScaledService, tasks: tuple[int, int], request_label: Input[str], requests_per_minute: int
) -> None:
    """Between `tasks` (least, most), by load or by processor time, whichever asks for more.

    `request_label` is `app/<load balancer>/targetgroup/<target group>`, the ends of the two ARNs.
    """
    target = aws.appautoscaling.Target(
        service.name,
        region=service.region,
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=Output.concat("service/", service.cluster_name, "/", service.service_name),
        min_capacity=tasks[0],
        max_capacity=tasks[1],
        opts=service.of_self,
    )
    metric = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs
    requests = metric(predefined_metric_type="ALBRequestCountPerTarget", resource_label=request_label)
    processor = metric(predefined_metric_type="ECSServiceAverageCPUUtilization")
    track(service, target, "requests", requests, float(requests_per_minute))
    track(service, target, "cpu", processor, CPU_PERCENT)


def track(
    service: ScaledService,
    target: aws.appautoscaling.Target,
    suffix: str,
    metric: aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs,
    value: float,
) -> None:
    """As many tasks as keep `metric` at `value`."""
    configuration = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
        predefined_metric_specification=metric,
        target_value=value,
        scale_out_cooldown=SCALE_OUT_S,
        scale_in_cooldown=SCALE_IN_S,
    )
    aws.appautoscaling.Policy(
        f"{service.name}-{suffix}",
        region=service.region,
        policy_type="TargetTrackingScaling",
        service_namespace=target.service_namespace,
        scalable_dimension=target.scalable_dimension,
        resource_id=target.resource_id,
        target_tracking_scaling_policy_configuration=configuration,
        opts=service.of_self,
    )
