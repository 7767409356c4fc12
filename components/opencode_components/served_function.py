"""A Lambda function behind a load balancer, with a role, a log and a target group of its own."""

import json
from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Archive, Input, Output, ResourceOptions

from opencode_components.refusals import refusal
from opencode_components.retention import retention_days
from opencode_components.task_policies import LOG_ACTIONS, allow

RUNTIME, ARCHITECTURE = "python3.13", "arm64"
MEMORY_MB = 256
"""With the memory grows the share of a processor: 256 MB answer a first request in half the time of 128."""
TIMEOUT_S = 10
MAX_NAME_CHARACTERS = 24
"""Names of target groups hold 32 characters, eight of them for what keeps them apart."""
BALANCING = "elasticloadbalancing.amazonaws.com"
CONCURRENCIES = range(1, 1_001)
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
"""Lambda takes a role only for a function of the role's account, whose maker may pass it on.

Source: AWS Lambda developer guide, "Defining Lambda function permissions with an execution role" (read 2026-11-21).
"""


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
        check_served_function(name, args)
        region = args["region"]

        group = aws.cloudwatch.LogGroup(
            name,
            region=region,
            retention_in_days=retention_days("log_retention_days", args["log_retention_days"]),
            opts=of_self,
        )
        role = aws.iam.Role(name, description=args["description"], assume_role_policy=json.dumps(TRUST), opts=of_self)
        grants = [
            aws.iam.RolePolicy(f"{name}-log", role=role.name, policy=group.arn.apply(log_policy), opts=of_self),
            aws.iam.RolePolicy(name, role=role.name, policy=args["policy"], opts=of_self),
        ]
        # Whoever is first to ask is answered only when the function may do what it has to.
        granted = ResourceOptions.merge(of_self, ResourceOptions(depends_on=grants))
        function = served(name, args, role, group, granted)
        target = target_group(name, region, function, of_self)

        self.function_name = function.name
        self.function_arn = function.arn
        self.role_name = role.name
        self.log_group_name = group.name
        self.target_group_arn = target.target_group_arn
        self.target_group_arn_suffix = target.target_group_arn.apply(lambda found: found.rpartition(":")[2])
        self.register_outputs({output: getattr(self, output) for output in ServedFunction.__annotations__})


def check_served_function(name: str, args: ServedFunctionArgs) -> None:
    """Raises ValueError on the first of name and plain args that cannot be."""
    if len(name) > MAX_NAME_CHARACTERS:
        reason = f"has {len(name)} characters, and AWS's name of the target group is made from it"
        raise refusal("name", name, reason=reason, fix=f"use {MAX_NAME_CHARACTERS} at most")
    retention_days("log_retention_days", args["log_retention_days"])
    concurrency = args.get("reserved_concurrency")
    if concurrency is not None and int(concurrency) not in CONCURRENCIES:
        fix = f"use {CONCURRENCIES.start} to {CONCURRENCIES.stop - 1}, or leave it away"
        raise refusal("reserved_concurrency", concurrency, reason="cannot be reserved", fix=fix)


def log_policy(log_group_arn: str) -> str:
    """Into its own group, which is there already: the function creates none."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [allow("WriteLog", LOG_ACTIONS, f"{log_group_arn}:log-stream:*")]}
    )


def served(
    name: str, args: ServedFunctionArgs, role: aws.iam.Role, group: aws.cloudwatch.LogGroup, opts: ResourceOptions
) -> "aws.lambda_.Function":
    concurrency = args.get("reserved_concurrency")
    return aws.lambda_.Function(
        name,
        region=args["region"],
        description=args["description"],
        role=role.arn,
        code=args["archive"],
        handler=args["handler"],
        runtime=RUNTIME,
        architectures=[ARCHITECTURE],
        memory_size=MEMORY_MB,
        timeout=TIMEOUT_S,
        environment=aws.lambda_.FunctionEnvironmentArgs(variables=args["variables"]),
        reserved_concurrent_executions=None if concurrency is None else int(concurrency),
        logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=group.name),
        opts=opts,
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
