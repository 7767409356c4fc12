"""Roles that other services are given."""

from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.handlers.policy_documents import Question, allows


def role_named(aws: Aws, arn: str) -> dict[str, Any] | None:
    """The role of that ARN; None when there is none, or when its ARN is another."""
    answer = found(aws.client("iam").get_role, "NoSuchEntity", RoleName=arn.rpartition("/")[2])
    return dict(answer["Role"]) if answer and answer["Role"]["Arn"] == arn else None


def lets_in(role: dict[str, Any], question: Question) -> bool:
    """Whether the role's trust policy admits who asks."""
    return allows(role["AssumeRolePolicyDocument"], question)
