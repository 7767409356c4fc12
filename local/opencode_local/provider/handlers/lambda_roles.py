"""Roles that a service is to take: they exist and trust it."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError

LAMBDA = "lambda.amazonaws.com"


def require_role(aws: Aws, operation: str, role_arn: str) -> None:
    """Raises AwsError as Lambda does for a role that it cannot assume."""
    if not trusts(aws, role_arn, LAMBDA):
        message = "The role defined for the function cannot be assumed by Lambda."
        raise AwsError("InvalidParameterValueException", message, operation)


def trusts(aws: Aws, role_arn: str, service: str) -> bool:
    """Whether the role exists and some statement of its trust policy names the service."""
    name = role_arn.rpartition("/")[2]
    answer = found(aws.client("iam").get_role, "NoSuchEntity", RoleName=name)
    if answer is None or answer["Role"]["Arn"] != role_arn:
        return False
    document = answer["Role"]["AssumeRolePolicyDocument"]
    parsed = json.loads(unquote(document)) if isinstance(document, str) else document
    return any(service in _services(statement) for statement in _list(parsed["Statement"]))


def _services(statement: dict[str, Any]) -> Iterable[str]:
    principal = statement.get("Principal", {})
    return _list(principal.get("Service", ())) if isinstance(principal, dict) else ()


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
