"""Targets that a program registers itself: functions, and addresses.

Rules: Application Load Balancer user guide, "Use Lambda functions as targets of an Application Load Balancer", and
terraform-provider-aws, internal/service/elbv2/target_group_attachment.go (read 2026-11-21).
"""

import secrets
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.lambda_access import PERMISSION_KIND
from opencode_local.provider.handlers.lambda_functions import require_function
from opencode_local.provider.members import reported, request, unsupported, value, values

GONE = "TargetGroupNotFound"
TARGET = (value("targetId", "Id"), *values("port", "availabilityZone"))
BALANCING = "elasticloadbalancing.amazonaws.com"
INVOKE = ("lambda:InvokeFunction", "lambda:*")


class TargetGroupAttachment(Handler):
    token = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
    replace_on = frozenset({"targetGroupArn", "targetId", "port", "availabilityZone"})
    filled_by_aws = frozenset({"port"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(TARGET, inputs, "targetGroupArn")

    def create(self, aws: Aws, inputs: Properties) -> str:
        arn, target = inputs["targetGroupArn"], request(TARGET, inputs)
        client = aws.client("elbv2")
        answer = found(client.describe_target_groups, GONE, TargetGroupArns=[arn])
        if answer is None:
            raise AwsError(GONE, f"One or more target groups not found: {arn}", "RegisterTargets")
        if answer["TargetGroups"][0].get("TargetType") == "lambda":
            _refuse_function(aws, arn, target)
        client.register_targets(TargetGroupArn=arn, Targets=[target])
        return f"{arn}-{secrets.token_hex(13)}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        """None too when it is adopted: an id does not say which target it is of."""
        arn, target_id = inputs.get("targetGroupArn"), inputs.get("targetId")
        targets = _registered(aws, arn) if arn else []
        there = next((target for target in targets if target["Id"] == target_id), None)
        return None if there is None else {**reported(TARGET, there, inputs), "targetGroupArn": arn}

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        target = request(TARGET, properties)
        found(
            aws.client("elbv2").deregister_targets,
            *(GONE, "InvalidTarget"),
            TargetGroupArn=properties["targetGroupArn"],
            Targets=[target],
        )


def _registered(aws: Aws, arn: str) -> list[Mapping[str, Any]]:
    answer = found(aws.client("elbv2").describe_target_health, GONE, TargetGroupArn=arn)
    return [] if answer is None else [each["Target"] for each in answer["TargetHealthDescriptions"]]


def _refuse_function(aws: Aws, arn: str, target: Mapping[str, Any]) -> None:
    """Raises AwsError for what AWS, unlike the embedded one, would not take."""
    function_arn = target["Id"]
    require_function(aws, "RegisterTargets", function_arn)
    if "Port" in target:
        message = "Port cannot be specified for target groups with target type 'lambda'"
        raise AwsError("ValidationError", message, "RegisterTargets")
    if any(registered["Id"] != function_arn for registered in _registered(aws, arn)):
        message = f"The following targets cannot be registered with '{arn}': only one function can be"
        raise AwsError("TooManyTargets", message, "RegisterTargets")
    if not any(_lets_balance(permission, arn, function_arn) for permission in aws.store.list(PERMISSION_KIND).values()):
        message = (
            f"elasticloadbalancing principal does not have permission to invoke {function_arn} from target group {arn}"
        )
        raise AwsError("AccessDenied", message, "RegisterTargets")


def _lets_balance(permission: Mapping[str, Any], arn: str, function_arn: str) -> bool:
    """Whether it lets the load balancer invoke the function, or the alias, from the target group."""
    plain, _, qualifier = function_arn.partition(":function:")[2].partition(":")
    named = str(permission["FunctionName"]).rpartition(":function:")[2].partition(":")[0]
    return (
        (named, permission.get("Qualifier", "")) == (plain, qualifier)
        and permission["Principal"] == BALANCING
        and permission["Action"] in INVOKE
        and fnmatchcase(arn, permission.get("SourceArn", "*"))
    )


HANDLERS = (TargetGroupAttachment(),)
