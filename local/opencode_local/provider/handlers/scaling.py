"""Application Auto Scaling of ECS services: scalable targets and policies that track a metric.

Rules: service model of RegisterScalableTarget and PutScalingPolicy, and Application Auto Scaling API reference
(read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.members import block, blocks, reported, request, unsupported, value, values

SERVICE = "application-autoscaling"
NOT_FOUND = ("ObjectNotFoundException", "ValidationException")
"""The embedded AWS answers with the second where AWS answers with the first."""
SCALED = values("serviceNamespace", "resourceId", "scalableDimension")
TARGET = (
    *SCALED,
    *values("minCapacity", "maxCapacity"),
    value("roleArn", "RoleARN"),
    block(
        "suspendedState",
        *values("dynamicScalingInSuspended", "dynamicScalingOutSuspended", "scheduledScalingSuspended"),
    ),
)
TAGS_KIND = "scalable target tags"
"""The store keeps them, because the embedded AWS has none."""
TRACKING = (
    *values("targetValue", "disableScaleIn", "scaleInCooldown", "scaleOutCooldown"),
    block("predefinedMetricSpecification", *values("predefinedMetricType", "resourceLabel")),
    block(
        "customizedMetricSpecification",
        *values("metricName", "namespace", "statistic", "unit"),
        blocks("dimensions", *values("name", "value")),
    ),
)
POLICY = (
    *SCALED,
    value("name", "PolicyName"),
    value("policyType"),
    block("targetTrackingScalingPolicyConfiguration", *TRACKING),
)
REQUESTS_PER_TARGET = "ALBRequestCountPerTarget"


class Target(Handler):
    """Its id is the resource id, `service/<cluster>/<service>`."""

    token = "aws:appautoscaling/target:Target"
    replace_on = frozenset(member.property for member in SCALED)
    filled_by_aws = frozenset({"roleArn", "suspendedState"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(TARGET, inputs)
        if inputs["serviceNamespace"] != "ecs":
            faults.append(Fault("serviceNamespace", "not supported by the local AWS, which scales ecs only"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_target(aws, inputs)
        aws.client(SERVICE).register_scalable_target(**request(TARGET, inputs))
        aws.store.put(TAGS_KIND, _key(inputs), inputs.get("tagsAll") or {})
        return str(inputs["resourceId"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        scaled = _scaled(id_, inputs)
        target = _target(aws, scaled)
        if target is None:
            return None
        role = (
            f"arn:{aws.partition}:iam::{aws.account_id}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com"
        )
        return {
            "roleArn": f"{role}/AWSServiceRoleForApplicationAutoScaling_ECSService",
            **reported(TARGET, target, inputs),
            "tagsAll": aws.store.get(TAGS_KIND, _key(scaled)) or {},
            "arn": target["ScalableTargetARN"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        if _target(aws, new) is None:
            raise AwsError("ObjectNotFoundException", f"No scalable target found for {id_}", "RegisterScalableTarget")
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        scaled = request(SCALED, _scaled(id_, properties))
        found(aws.client(SERVICE).deregister_scalable_target, *NOT_FOUND, **scaled)
        aws.store.delete(TAGS_KIND, _key(_scaled(id_, properties)))


class Policy(Handler):
    """Its id is the policy's name."""

    token = "aws:appautoscaling/policy:Policy"
    replace_on = frozenset({"name", *(member.property for member in SCALED)})
    auto_name = AutoName("name", 256)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(POLICY, inputs)
        if inputs.get("policyType", "StepScaling") != "TargetTrackingScaling":
            faults.append(Fault("policyType", "not supported by the local AWS, only TargetTrackingScaling"))
        elif not inputs.get("targetTrackingScalingPolicyConfiguration"):
            faults.append(Fault("targetTrackingScalingPolicyConfiguration", "required for TargetTrackingScaling"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        if _policy(aws, inputs["name"], inputs):
            message = f"A policy named {inputs['name']} exists already for {inputs['resourceId']}"
            raise AwsError("ValidationException", message, "PutScalingPolicy")
        _put_policy(aws, inputs)
        return str(inputs["name"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        # An import names all four, as `<namespace>/<resource id>/<dimension>/<policy>`.
        resource, _, name = id_.rpartition("/")
        policy = _policy(aws, name, _scaled(resource, inputs))
        if policy is None:
            return None
        return {
            **reported(POLICY, policy, inputs),
            "arn": policy["PolicyARN"],
            "alarmArns": [alarm["AlarmARN"] for alarm in policy.get("Alarms", ())],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        # The embedded AWS would leave the alarms of the policy as it was.
        self.delete(aws, id_, old)
        _put_policy(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        delete = aws.client(SERVICE).delete_scaling_policy
        found(delete, *NOT_FOUND, PolicyName=id_, **request(SCALED, properties))


def _scaled(id_: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is scaled: as declared, or as an import names it, `<namespace>/<resource id>/<dimension>`."""
    if inputs:
        return inputs
    namespace, _, rest = id_.partition("/")
    resource, _, dimension = rest.rpartition("/")
    return {"serviceNamespace": namespace, "resourceId": resource, "scalableDimension": dimension}


def _key(scaled: Mapping[str, Any]) -> str:
    return f"{scaled['resourceId']} {scaled['scalableDimension']}"


def _target(aws: Aws, scaled: Mapping[str, Any]) -> dict[str, Any] | None:
    describe = aws.client(SERVICE).describe_scalable_targets
    targets = describe(
        ServiceNamespace=scaled["serviceNamespace"],
        ResourceIds=[scaled["resourceId"]],
        ScalableDimension=scaled["scalableDimension"],
    )["ScalableTargets"]
    return dict(targets[0]) if targets else None


def _refuse_target(aws: Aws, inputs: Properties) -> None:
    operation = "RegisterScalableTarget"
    tags = inputs.get("tagsAll") or {}
    aws.validate(SERVICE, operation, **request(TARGET, inputs), **({"Tags": tags} if tags else {}))
    if inputs["minCapacity"] > inputs["maxCapacity"]:
        message = "Maximum capacity cannot be less than minimum capacity"
        raise AwsError("ValidationException", message, operation)
    parts = inputs["resourceId"].split("/")
    client = aws.client("ecs")
    answer = None
    if len(parts) == 3:
        describe = client.describe_services
        answer = found(describe, "ClusterNotFoundException", cluster=parts[1], services=[parts[2]])
    if not answer or not any(service["status"] == "ACTIVE" for service in answer["services"]):
        raise AwsError("ValidationException", f"ECS service doesn't exist: {inputs['resourceId']}", operation)


def _policy(aws: Aws, name: str, scaled: Mapping[str, Any]) -> dict[str, Any] | None:
    policies = aws.client(SERVICE).describe_scaling_policies(**request(SCALED, scaled))["ScalingPolicies"]
    return next((dict(policy) for policy in policies if policy["PolicyName"] == name), None)


def _put_policy(aws: Aws, inputs: Mapping[str, Any]) -> None:
    operation = "PutScalingPolicy"
    if _target(aws, inputs) is None:
        message = (
            f"No scalable target found for service namespace: {inputs['serviceNamespace']}, resource ID: "
            f"{inputs['resourceId']}, scalable dimension: {inputs['scalableDimension']}"
        )
        raise AwsError("ObjectNotFoundException", message, operation)
    tracking = inputs["targetTrackingScalingPolicyConfiguration"]
    metric = tracking.get("predefinedMetricSpecification")
    if bool(metric) == bool(tracking.get("customizedMetricSpecification")):
        message = "Exactly one of predefined and customized metric specification must be given"
        raise AwsError("ValidationException", message, operation)
    if metric and metric["predefinedMetricType"] == REQUESTS_PER_TARGET:
        _refuse_label(aws, operation, metric.get("resourceLabel", ""))
    aws.client(SERVICE).put_scaling_policy(**request(POLICY, inputs))


def _refuse_label(aws: Aws, operation: str, label: str) -> None:
    """Raises AwsError unless it is `app/<name>/<id>/targetgroup/<name>/<id>`, of what is there."""
    balancer, _, group = label.partition("/targetgroup/")
    client = aws.client("elbv2")
    balancer_arn = aws.arn("elasticloadbalancing", f"loadbalancer/{balancer}")
    group_arn = aws.arn("elasticloadbalancing", f"targetgroup/{group}")
    groups = found(client.describe_target_groups, "TargetGroupNotFound", TargetGroupArns=[group_arn])
    if not groups or balancer_arn not in groups["TargetGroups"][0].get("LoadBalancerArns", ()):
        message = f"The resource label '{label}' is not of a load balancer and a target group that it leads to"
        raise AwsError("ValidationException", message, operation)


HANDLERS = (Target(), Policy())
