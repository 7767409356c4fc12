"""Scaling of services."""

from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.ecs_site import SERVICE, Site, a_site
from tests.local.provider.round_trip import leaves_nothing, lives_and_changes

TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"


@pytest.fixture
def site(program: Program) -> Site:
    return a_site(program)


def a_target(site: Site, service: Made, **change: Any) -> Made:
    resource_id = f"service/{site.cluster['name']}/{service['name']}"
    scaled = {"serviceNamespace": "ecs", "resourceId": resource_id, "scalableDimension": "ecs:service:DesiredCount"}
    return site.program.declare(TARGET, **scaled, **{"minCapacity": 2, "maxCapacity": 10, **change})


def tracking(metric: str = "ECSServiceAverageCPUUtilization", **change: Any) -> dict[str, Any]:
    return {"targetValue": 60, "predefinedMetricSpecification": {"predefinedMetricType": metric}, **change}


def scaled_of(target: Made) -> dict[str, Any]:
    return {name: target[name] for name in ("serviceNamespace", "resourceId", "scalableDimension")}


def test_scaling_changes_in_place_and_leaves_nothing(site: Site) -> None:
    program = site.program
    target = a_target(site, program.declare(SERVICE, **site.inputs()))
    policy = program.declare(
        POLICY,
        **scaled_of(target),
        policyType="TargetTrackingScaling",
        targetTrackingScalingPolicyConfiguration=tracking(),
    )

    target = lives_and_changes(
        program,
        target,
        dict.fromkeys(["maxCapacity", "tags"]),
        **scaled_of(target),
        minCapacity=2,
        maxCapacity=20,
        tags={"Name": "tasks"},
    )
    metric = "ALBRequestCountPerTarget"
    label = f"{site.balancer['arnSuffix']}/{site.group['arnSuffix']}"
    by_requests = {"predefinedMetricType": metric, "resourceLabel": label}
    policy = lives_and_changes(
        program,
        policy,
        {"targetTrackingScalingPolicyConfiguration": None},
        **scaled_of(target),
        policyType="TargetTrackingScaling",
        targetTrackingScalingPolicyConfiguration=tracking(
            predefinedMetricSpecification=by_requests, scaleInCooldown=300, scaleOutCooldown=60
        ),
    )

    leaves_nothing(program, policy)
    leaves_nothing(program, target)
    assert not program.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert "scalable target tags" not in program.aws.store.kinds()


def test_scaling_that_is_changed_by_hand_shows(site: Site) -> None:
    target = a_target(site, site.program.declare(SERVICE, **site.inputs()))
    wanted = {"ServiceNamespace": "ecs", "ResourceId": target.id, "ScalableDimension": "ecs:service:DesiredCount"}
    site.program.client("application-autoscaling").register_scalable_target(**wanted, MinCapacity=5)

    assert site.program.drift(target) == {"minCapacity": 5}


def test_scaling_that_aws_would_refuse_is_refused(site: Site) -> None:
    program = site.program
    service = program.declare(SERVICE, **site.inputs())
    of_target = scaled_of(target := a_target(site, service))
    kind = {"policyType": "TargetTrackingScaling"}
    configuration = "targetTrackingScalingPolicyConfiguration"
    by_requests = tracking("ALBRequestCountPerTarget")

    with pytest.raises(Refused, match="cannot be less than minimum"):
        a_target(site, service, minCapacity=11)
    with pytest.raises(Refused, match="not supported by the local AWS"):
        program.declare(TARGET, **{**of_target, "serviceNamespace": "dynamodb"}, minCapacity=1, maxCapacity=2)
    with pytest.raises(Refused, match="ECS service doesn't exist"):
        program.declare(TARGET, **{**of_target, "resourceId": "service/a/b"}, minCapacity=1, maxCapacity=2)
    with pytest.raises(Refused, match="The resource label '' is not"):
        program.declare(POLICY, **of_target, **kind, **{configuration: by_requests})
    with pytest.raises(Refused, match="enum value set"):
        program.declare(POLICY, **of_target, **kind, **{configuration: tracking("Requests")})
    with pytest.raises(Refused, match="only TargetTrackingScaling"):
        program.declare(POLICY, **of_target)
    program.remove(target)
    with pytest.raises(Refused, match="No scalable target found"):
        program.declare(POLICY, **of_target, **kind, **{configuration: tracking()})
