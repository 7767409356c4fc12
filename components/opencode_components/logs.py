"""Where the gateway's own log goes."""

import re
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.refusals import refusal
from opencode_components.retention import retention_days

LOG_GROUP_NAME = re.compile(r"[\w./#-]{1,480}", re.ASCII)
"""What CloudWatch Logs takes as a name, less the 26 characters of a suffix. Source: CreateLogGroup, 2026-11-21."""


class LogsArgs(TypedDict):
    """What Logs is made from."""

    retention_days: int
    """Days that log events are kept: a value that CloudWatch Logs offers. Plain, because it is checked."""
    router_log_group: str
    """Name of the router's log group, such as `/opencode/dev/router`. Plain. Read when the group is created only."""
    keep_on_destroy: NotRequired[bool]
    """Whether the group outlives the stack. It is created with a suffix then, so that it is in no successor's way."""
    kms_key_arn: NotRequired[Input[str]]
    """Customer managed KMS key, whose policy admits CloudWatch Logs. Default the service's own encryption."""


class Logs(pulumi.ComponentResource):
    """The router's log group, with a name and a retention that were chosen. Raises ValueError on either that cannot be.

    A group cannot be renamed. A later `router_log_group` or `keep_on_destroy` therefore leaves its name as it is
    instead of deleting the log.
    """

    router_log_group_name: Output[str]
    """Name of the router's log group."""
    router_log_group_arn: Output[str]
    """ARN of the router's log group, without `:*`."""

    def __init__(self, name: str, args: LogsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Logs", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        group_name = checked_name(args["router_log_group"])
        is_kept = args.get("keep_on_destroy", False)

        router = aws.cloudwatch.LogGroup(
            f"{name}-router",
            name=None if is_kept else group_name,
            name_prefix=f"{group_name}-" if is_kept else None,
            retention_in_days=retention_days("retention_days", args["retention_days"]),
            skip_destroy=is_kept,
            kms_key_id=args.get("kms_key_arn"),
            opts=ResourceOptions.merge(of_self, ResourceOptions(ignore_changes=["name", "namePrefix"])),
        )

        self.router_log_group_name = router.name
        self.router_log_group_arn = router.arn
        self.register_outputs(
            {"router_log_group_name": self.router_log_group_name, "router_log_group_arn": self.router_log_group_arn}
        )


def checked_name(router_log_group: str) -> str:
    if not LOG_GROUP_NAME.fullmatch(router_log_group):
        fix = "use letters, digits and _ - / . # only, such as /opencode/dev/router"
        raise refusal("router_log_group", router_log_group, reason="is no name of a log group", fix=fix)
    return router_log_group
