"""A Lambda function with a role and a log of its own: what all of ours have in common, whoever invokes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Archive, Input, Output, ResourceOptions

from opencode_components.refusals import refusal
from opencode_components.retention import retention_days
from opencode_components.task_policies import LOG_ACTIONS, allow

RUNTIME, ARCHITECTURE = "python3.13", "arm64"
MEMORY_MB = 256
"""With the memory grows the share of a processor: 256 MB answer a first request in half the time of 128."""
MEMORIES_MB = range(128, 10_241)
TIMEOUT_S = 10
TIMEOUTS_S = range(1, 901)
CONCURRENCIES = range(1, 1_001)
"""Source of the three ranges: AWS Lambda developer guide, "Lambda quotas" (read 2026-11-21)."""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
"""Lambda takes a role only for a function of the role's account, whose maker may pass it on.

Source: AWS Lambda developer guide, "Defining Lambda function permissions with an execution role" (read 2026-11-21).
"""

# Annotations that name `aws.lambda_` are text: evaluated, they would import it for programs without functions.


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a function does, as whom, and how much of a machine it gets for that."""

    region: str
    description: Input[str]
    archive: Input[Archive]
    handler: Input[str]
    variables: Input[Mapping[str, str]]
    policy: Input[str]
    """What it may do, apart from writing its log, as the JSON text of an IAM policy."""
    log_retention_days: int
    memory_mb: int = MEMORY_MB
    timeout_s: int = TIMEOUT_S
    reserved_concurrency: int | None = None


@dataclass(frozen=True, kw_only=True)
class OwnFunction:
    """The function, known once it may do what it has to, and what was made for it alone."""

    function: "aws.lambda_.Function"
    role_name: Output[str]
    log_group_name: Output[str]


def check_code(code: Code) -> None:
    """Raises ValueError on the first value that cannot be."""
    retention_days("log_retention_days", code.log_retention_days)
    limits = (
        ("memory_mb", code.memory_mb, MEMORIES_MB, "is no memory that Lambda gives"),
        ("timeout_s", code.timeout_s, TIMEOUTS_S, "is no time that Lambda grants"),
        ("reserved_concurrency", code.reserved_concurrency, CONCURRENCIES, "cannot be reserved"),
    )
    for name, value, possible, reason in limits:
        if value is not None and value not in possible:
            fix = f"use {possible.start} to {possible.stop - 1}, or leave it away"
            raise refusal(name, value, reason=reason, fix=fix)


def own_function(name: str, code: Code, of_self: ResourceOptions) -> OwnFunction:
    """Made in the order of need: the log and the grants before the function, whose first line is kept therefore.

    Raises ValueError as `check_code` does.
    """
    check_code(code)
    group = aws.cloudwatch.LogGroup(name, region=code.region, retention_in_days=code.log_retention_days, opts=of_self)
    role = aws.iam.Role(name, description=code.description, assume_role_policy=json.dumps(TRUST), opts=of_self)
    grants = [
        aws.iam.RolePolicy(f"{name}-log", role=role.name, policy=group.arn.apply(log_policy), opts=of_self),
        aws.iam.RolePolicy(name, role=role.name, policy=code.policy, opts=of_self),
    ]
    # Whoever is first to ask is answered only when the function may do what it has to.
    granted = ResourceOptions.merge(of_self, ResourceOptions(depends_on=grants))
    function = aws.lambda_.Function(
        name,
        region=code.region,
        description=code.description,
        role=role.arn,
        code=code.archive,
        handler=code.handler,
        runtime=RUNTIME,
        architectures=[ARCHITECTURE],
        memory_size=code.memory_mb,
        timeout=code.timeout_s,
        environment=aws.lambda_.FunctionEnvironmentArgs(variables=code.variables),
        reserved_concurrent_executions=code.reserved_concurrency,
        logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=group.name),
        opts=granted,
    )
    return OwnFunction(function=function, role_name=role.name, log_group_name=group.name)


def log_policy(log_group_arn: str) -> str:
    """Into its own group, which is there already: the function creates none."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [allow("WriteLog", LOG_ACTIONS, f"{log_group_arn}:log-stream:*")]}
    )
