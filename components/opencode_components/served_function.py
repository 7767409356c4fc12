"""A Lambda function behind a load balancer, with a role, a log and a target group of its own."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Archive, Input, Output, ResourceOptions

from opencode_components.own_function import MEMORY_MB, TIMEOUT_S, Code, own_function
from opencode_components.refusals import check_name

MAX_NAME_CHARACTERS = 24
"""Names of target groups hold 32 characters, eight of them for what keeps them apart."""
BALANCING = "elasticloadbalancing.amazonaws.com"


class ServedFunctionArgs(TypedDict):
    """What a ServedFunction is made from."""

    region: str
    """AWS region. Plain."""
    description: Input[str]
    """What it is for."""
    archive: Input[Archive]
    """Its code with all that it needs but boto3. Pure Python: it may be packed on another processor than it runs on."""
    handler: Input[str]
    """Module and function that answer, such as `serve_downloads.pages.handler`."""
    variables: Input[Mapping[str, str]]
    """Its environment; nothing in it may be secret."""
    policy: Input[str]
    """What it may do, apart from writing its log, as the JSON text of an IAM policy."""
    log_retention_days: int
    """Days that its log is kept: a value that CloudWatch Logs offers. Plain, because it is checked."""
    memory_mb: NotRequired[int]
    """Memory in MB, with which its share of a processor grows; 1,769 are one whole. Plain. Default 256."""
    timeout_s: NotRequired[int]
    """Seconds after which an answer that is not there comes no more. Plain. Default 10."""
    reserved_concurrency: NotRequired[int]
    """Requests that it answers at once: no more, and for nobody else. Not given, it shares the account's limit with
    all other functions; a new account has 10 in all, of which AWS lets nothing be reserved. Plain."""


class ServedFunction(pulumi.ComponentResource):
    """A function that only its own target group invokes; listener rules forward to that one.

    It runs outside of any VPC and can be reached in no other way. The name has 24 characters at most. Raises ValueError
    on name and plain args that cannot be, each with its key, value, reason and fix.
    """

    function_name: Output[str]
    """Name of the function."""
    function_arn: Output[str]
    """ARN of the function."""
    role_name: Output[str]
    """Name of its role."""
    log_group_name: Output[str]
    """Log group that it writes to."""
    target_group_arn: Output[str]
    """ARN of the target group, known once the function can be invoked through it."""
    target_group_arn_suffix: Output[str]
    """The part of that ARN that CloudWatch knows it by, `targetgroup/...`."""

    def __init__(self, name: str, args: ServedFunctionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:ServedFunction", name, {**args, "archive": None}, opts)
        of_self = ResourceOptions(parent=self)
        check_name(name, max_characters=MAX_NAME_CHARACTERS, why="AWS's name of the target group is made from it")

        made = own_function(name, code_of(args), of_self)
        target = target_group(name, args["region"], made.function, of_self)

        self.function_name = made.function.name
        self.function_arn = made.function.arn
        self.role_name = made.role_name
        self.log_group_name = made.log_group_name
        self.target_group_arn = target.target_group_arn
        self.target_group_arn_suffix = target.target_group_arn.apply(lambda found: found.rpartition(":")[2])
        self.register_outputs({output: getattr(self, output) for output in ServedFunction.__annotations__})


def code_of(args: ServedFunctionArgs) -> Code:
    """Numbers come as floats from other languages."""
    concurrency = args.get("reserved_concurrency")
    return Code(
        region=args["region"],
        description=args["description"],
        archive=args["archive"],
        handler=args["handler"],
        variables=args["variables"],
        policy=args["policy"],
        log_retention_days=int(args["log_retention_days"]),
        memory_mb=int(args.get("memory_mb", MEMORY_MB)),
        timeout_s=int(args.get("timeout_s", TIMEOUT_S)),
        reserved_concurrency=None if concurrency is None else int(concurrency),
    )


def target_group(
    name: str, region: str, function: "aws.lambda_.Function", of_self: ResourceOptions
) -> aws.lb.TargetGroupAttachment:
    """The function as a target. It is not health-checked: a check would be an invocation that somebody pays for.

    Headers come and go as lists: a client may send one twice, and both have to be seen.
    Source: Application Load Balancer user guide, "Use Lambda functions as targets" (read 2026-11-21).
    """
    target = aws.lb.TargetGroup(
        name, region=region, target_type="lambda", lambda_multi_value_headers_enabled=True, opts=of_self
    )
    permission = aws.lambda_.Permission(
        name,
        region=region,
        function=function.name,
        action="lambda:InvokeFunction",
        principal=BALANCING,
        source_arn=target.arn,
        opts=of_self,
    )
    return aws.lb.TargetGroupAttachment(
        name,
        region=region,
        target_group_arn=target.arn,
        target_id=function.arn,
        # AWS registers only what it may invoke.
        opts=ResourceOptions.merge(of_self, ResourceOptions(depends_on=[permission])),
    )
