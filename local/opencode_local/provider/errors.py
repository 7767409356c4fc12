"""Refusals in AWS's words."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


class AwsError(Exception):
    """What AWS would have answered where we answer in its place: a code such as InvalidSubnetID.NotFound, a message."""

    def __init__(self, code: str, message: str, operation: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.operation = operation


class PartlyCreated(Exception):
    """A resource exists, but what had to follow its creation failed: the engine keeps it and tries again.

    `properties` are what is known of it, its inputs at least; `inputs` those of them that AWS took.
    """

    def __init__(
        self, id_: str, reason: str, properties: Mapping[str, Any], inputs: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(reason)
        self.id = id_
        self.properties = dict(properties)
        self.inputs = dict(properties if inputs is None else inputs)


def code_of(error: ClientError | AwsError) -> str:
    """The error code, whoever answered."""
    return error.code if isinstance(error, AwsError) else str(error.response["Error"]["Code"])


def worded(error: ClientError | AwsError) -> str:
    """For example `operation error CreateVpc: api error InvalidVpc.Range: The CIDR ... is invalid`."""
    if isinstance(error, AwsError):
        operation, code, message = error.operation, error.code, error.message
    else:
        answer = error.response["Error"]
        operation, code, message = error.operation_name, answer.get("Code", "Unknown"), answer.get("Message", "")
    return f"operation error {operation}: api error {code}: {message}" if operation else f"api error {code}: {message}"
