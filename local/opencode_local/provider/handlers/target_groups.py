"""Target groups of application load balancers.

Rules: service model of Elastic Load Balancing v2, and Application Load Balancer user guide, "Target groups for your
Application Load Balancers" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider import members
from opencode_local.provider.aws import Aws, found
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.elb_attributes import (
    Attribute,
    declarable,
    faults,
    properties,
    request,
    retag,
    tagging,
    tags_of,
    text,
)
from opencode_local.provider.members import Member, block, unsupported, value, values

ALGORITHMS = ("round_robin", "least_outstanding_requests", "weighted_random")
CROSS_ZONE = ("true", "false", "use_load_balancer_configuration")
ATTRIBUTES = (
    Attribute("deregistrationDelay", "deregistration_delay.timeout_seconds", 300, range(3601)),
    Attribute("slowStart", "slow_start.duration_seconds", 0, range(901)),
    Attribute("loadBalancingAlgorithmType", "load_balancing.algorithm.type", "round_robin", ALGORITHMS),
    Attribute("loadBalancingAnomalyMitigation", "load_balancing.algorithm.anomaly_mitigation", "off", ("on", "off")),
    Attribute(
        "loadBalancingCrossZoneEnabled",
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        CROSS_ZONE,
    ),
)
LAMBDA_ATTRIBUTES = (Attribute("lambdaMultiValueHeadersEnabled", "lambda.multi_value_headers.enabled", default=False),)
STICKINESS = (
    Attribute("enabled", "stickiness.enabled", default=True),
    Attribute("type", "stickiness.type", "lb_cookie", ("lb_cookie", "app_cookie")),
    Attribute("cookieDuration", "stickiness.lb_cookie.duration_seconds", 86_400, range(1, 604_801)),
)
APP_STICKINESS = (
    *STICKINESS[:2],
    Attribute("cookieDuration", "stickiness.app_cookie.duration_seconds", 86_400, range(1, 604_801)),
    Attribute("cookieName", "stickiness.app_cookie.cookie_name", ""),
)
HEALTH_CHECK = (
    value("enabled", "HealthCheckEnabled"),
    value("healthyThreshold", "HealthyThresholdCount"),
    value("interval", "HealthCheckIntervalSeconds"),
    value("matcher", "Matcher.HttpCode"),
    value("path", "HealthCheckPath"),
    value("port", "HealthCheckPort"),
    value("protocol", "HealthCheckProtocol"),
    value("timeout", "HealthCheckTimeoutSeconds"),
    value("unhealthyThreshold", "UnhealthyThresholdCount"),
)
HEALTH_CHECK_DEFAULTS: Mapping[str, Any] = {
    "enabled": True,
    "healthyThreshold": 3,
    "interval": 30,
    "matcher": "200",
    "path": "/",
    "port": "traffic-port",
    "protocol": "HTTP",
    "timeout": 5,
    "unhealthyThreshold": 3,
}
"""Source: terraform-provider-aws, internal/service/elbv2/target_group.go (read 2026-11-21)."""
LAMBDA_HEALTH_CHECK_DEFAULTS: Mapping[str, Any] = {
    "enabled": True,
    "healthyThreshold": 3,
    "interval": 35,
    "matcher": "200",
    "path": "/",
    "timeout": 30,
    "unhealthyThreshold": 3,
}
"""Of a check that is declared: without one a function is not checked."""
TABLE = (
    value("name", "TargetGroupName"),
    *values("ipAddressType", "port", "protocol", "protocolVersion", "targetType", "vpcId"),
)
LAMBDA = "lambda"
TARGET_TYPES = ("instance", "ip", LAMBDA)


class TargetGroup(Handler):
    token = "aws:lb/targetGroup:TargetGroup"
    replace_on = frozenset(
        {"name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType"}
    )
    filled_by_aws = frozenset({"healthCheck", "ipAddressType", "protocolVersion", "stickiness", "targetType"}) | {
        attribute.property for attribute in (*ATTRIBUTES, *LAMBDA_ATTRIBUTES)
    }
    auto_name = AutoName("name", 32)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        stickiness = inputs.get("stickiness") or {}
        found_faults = [*unsupported(_declarable(), inputs, "namePrefix"), *faults(ATTRIBUTES, inputs)]
        found_faults += [
            Fault(f"stickiness.{fault.property}", fault.reason) for fault in faults(_stickiness(stickiness), stickiness)
        ]
        if (inputs.get("targetType") or "instance") not in TARGET_TYPES:
            reason = f"not supported by the local AWS: {inputs['targetType']!r}, only {', '.join(TARGET_TYPES)}"
            found_faults.append(Fault("targetType", reason))
        found_faults += _misplaced(inputs)
        if not _is_function(inputs) and (inputs.get("healthCheck") or {}).get("enabled") is False:
            reason = "Health check enabled must be true for target groups with target type 'instance' or 'ip'"
            found_faults.append(Fault("healthCheck.enabled", reason))
        return found_faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        # The answer calls the name TargetGroupName, the request Name.
        settings = {"Name": inputs["name"], **members.request(TABLE[1:], {"targetType": "instance", **inputs})}
        made = aws.client("elbv2").create_target_group(**settings, **_health_check(inputs), **tagging(inputs))
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        _set_attributes(aws, arn, inputs)
        return arn

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        """Without `loadBalancerArns`: they change with every listener rule, long after the target group is made."""
        client = aws.client("elbv2")
        answer = found(client.describe_target_groups, "TargetGroupNotFound", TargetGroupArns=[id_])
        if answer is None:
            return None
        group = answer["TargetGroups"][0]
        attributes = client.describe_target_group_attributes(TargetGroupArn=id_)["Attributes"]
        declared_stickiness = inputs.get("stickiness") or {}
        is_sticky = declared_stickiness or {"Key": "stickiness.enabled", "Value": "true"} in attributes
        kind = {"type": "app_cookie"} if {"Key": "stickiness.type", "Value": "app_cookie"} in attributes else {}
        return {
            **members.reported(TABLE, group, inputs),
            **properties(_attributes(inputs or {"targetType": group.get("TargetType")}), attributes),
            "stickiness": properties(_stickiness(kind), attributes) if is_sticky else None,
            "healthCheck": members.reported(HEALTH_CHECK, group, inputs.get("healthCheck") or {}),
            "tagsAll": tags_of(aws, id_),
            "arn": id_,
            "arnSuffix": id_.rpartition(":")[2],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        aws.client("elbv2").modify_target_group(TargetGroupArn=id_, **_health_check(new))
        _set_attributes(aws, id_, new)
        retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("elbv2").delete_target_group, "TargetGroupNotFound", TargetGroupArn=id_)


def _declarable() -> Sequence[Member]:
    stickiness = block("stickiness", *declarable(APP_STICKINESS))
    return [*TABLE, block("healthCheck", *HEALTH_CHECK), stickiness, *declarable((*ATTRIBUTES, *LAMBDA_ATTRIBUTES))]


def _is_function(inputs: Mapping[str, Any]) -> bool:
    return inputs.get("targetType") == LAMBDA


def _attributes(inputs: Mapping[str, Any]) -> Sequence[Attribute]:
    return LAMBDA_ATTRIBUTES if _is_function(inputs) else ATTRIBUTES


def _stickiness(stickiness: Mapping[str, Any]) -> Sequence[Attribute]:
    """Each type has a duration of its own."""
    return APP_STICKINESS if stickiness.get("type") == "app_cookie" else STICKINESS


def _misplaced(inputs: Mapping[str, Any]) -> Sequence[Fault]:
    """Attributes that target groups of this type do not have."""
    others = ATTRIBUTES if _is_function(inputs) else LAMBDA_ATTRIBUTES
    kind = inputs.get("targetType") or "instance"
    return [
        Fault(each.property, f"not supported for target groups with target type {kind!r}")
        for each in others
        if inputs.get(each.property) is not None
    ]


def _health_check(inputs: Mapping[str, Any]) -> dict[str, Any]:
    declared = inputs.get("healthCheck")
    if not _is_function(inputs):
        return members.request(HEALTH_CHECK, {**HEALTH_CHECK_DEFAULTS, **(declared or {})})
    if not declared:
        return {"HealthCheckEnabled": False}
    return members.request(HEALTH_CHECK, {**LAMBDA_HEALTH_CHECK_DEFAULTS, **declared})


def _set_attributes(aws: Aws, arn: str, inputs: Mapping[str, Any]) -> None:
    stickiness = inputs.get("stickiness")
    wanted = [*request(_attributes(inputs), inputs)]
    if stickiness is not None:
        wanted += request(_stickiness(stickiness), stickiness)
    elif not _is_function(inputs):
        wanted.append({"Key": "stickiness.enabled", "Value": text(declared=False)})
    aws.client("elbv2").modify_target_group_attributes(TargetGroupArn=arn, Attributes=wanted)


HANDLERS = (TargetGroup(),)
