"""Whether a task could start: roles that ECS may take, an image and a log group that are there.

Source: ECS developer guide, "Stopped tasks error messages" (read 2026-11-21).
"""

import re
from collections.abc import Mapping
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.handlers.iam_roles import role_named
from opencode_local.provider.handlers.policy_documents import Question, allows
from opencode_local.provider.members import refuse

TASKS = "ecs-tasks.amazonaws.com"
IMAGE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z.]+/(?P<repository>[^:@]+)")


def refuse_start(aws: Aws, operation: str, definition: Mapping[str, Any]) -> None:
    """Raises AwsError with the reason that ECS would give for the stopped task."""
    for name in ("taskRoleArn", "executionRoleArn"):
        if definition.get(name):
            _refuse_role(aws, operation, definition[name])
    for container in definition["containerDefinitions"]:
        _refuse_image(aws, operation, container["image"])
        _refuse_log(aws, operation, container.get("logConfiguration") or {})


def _refuse_role(aws: Aws, operation: str, arn: str) -> None:
    context = {"aws:SourceAccount": aws.account_id, "aws:SourceArn": aws.arn("ecs", "task/any")}
    question = Question(service=TASKS, action="sts:AssumeRole", context=context)
    role = role_named(aws, arn)
    if role is None or not allows(role["AssumeRolePolicyDocument"], question):
        message = (
            f"ECS was unable to assume the role '{arn}' that was provided for this task. Please verify that the role "
            "being passed has the proper trust relationship and permissions"
        )
        raise refuse(operation, message)


def _refuse_image(aws: Aws, operation: str, image: str) -> None:
    """Only repositories of the own account can be looked at; what is in them is the image builder's affair."""
    place = IMAGE.match(image)
    if place is None or place["account"] != aws.account_id:
        return
    describe = aws.at(place["region"]).client("ecr").describe_repositories
    if found(describe, "RepositoryNotFoundException", repositoryNames=[place["repository"]]) is None:
        message = f"CannotPullContainerError: the repository with name '{place['repository']}' does not exist"
        raise refuse(operation, message)


def _refuse_log(aws: Aws, operation: str, log: Mapping[str, Any]) -> None:
    options = log.get("options") or {}
    if log.get("logDriver") != "awslogs" or options.get("awslogs-create-group") == "true":
        return
    name = options["awslogs-group"]
    client = aws.at(options["awslogs-region"]).client("logs")
    groups = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if name not in {group["logGroupName"] for group in groups}:
        message = f"ResourceInitializationError: failed to create the log stream: the log group {name} does not exist"
        raise refuse(operation, message)
