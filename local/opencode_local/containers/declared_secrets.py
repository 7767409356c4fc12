"""Values that a container's `secrets` name, read as ECS reads them: with the execution role, when a task starts.

Sources: ECS developer guide, "Pass sensitive data to an Amazon ECS container", "Pass Secrets Manager secrets through
Amazon ECS environment variables", "Amazon ECS task stopped error codes", "ResourceInitializationError" (read
2026-11-21).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

UNAVAILABLE = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
)
RETRIED = "service call has been retried 1 time(s): "
ASM = "unable to retrieve secret from asm: "
SSM = "unable to retrieve secrets from ssm: "
SECRET_PARTS = 7
"""`arn:aws:secretsmanager:<region>:<account>:secret:<name>`; the JSON key, version stage and version id follow."""


class SecretsUnavailable(Exception):
    """The text is the task's stopped reason."""


def values(secrets: Mapping[str, str], client: Callable[[str, str], Any], region: str) -> Mapping[str, str]:
    """Variables by name. `client` gives that of a service and region. Takes time; raises SecretsUnavailable."""
    return {name: _value(value_from, client, region) for name, value_from in secrets.items()}


def _value(value_from: str, client: Callable[[str, str], Any], region: str) -> str:
    parts = value_from.split(":")
    is_arn = len(parts) > 5 and parts[0] == "arn"
    if is_arn and parts[2] == "secretsmanager":
        return _secret(value_from, client("secretsmanager", parts[3]))
    return _parameter(value_from, client("ssm", parts[3] if is_arn else region))


def _secret(value_from: str, secrets_manager: Any) -> str:
    parts = value_from.split(":")
    arn = ":".join(parts[:SECRET_PARTS])
    key, stage, version_id = [*parts[SECRET_PARTS:], "", "", ""][:3]
    version = {name: value for name, value in (("VersionStage", stage), ("VersionId", version_id)) if value}
    try:
        text = secrets_manager.get_secret_value(SecretId=arn, **version)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        reason = f"{RETRIED}failed to fetch secret {arn} from secrets manager: {_worded(error)}"
        raise SecretsUnavailable(UNAVAILABLE + ASM + reason) from error
    return _member(text, key) if key else str(text)


def _member(text: str, key: str) -> str:
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError) as error:
        reason = f"retrieved secret from Secrets Manager did not contain json key {key}"
        raise SecretsUnavailable(UNAVAILABLE + ASM + reason) from error
    return value if isinstance(value, str) else json.dumps(value)


def _parameter(value_from: str, systems_manager: Any) -> str:
    """A parameter's ARN leaves the leading slash of its name to be guessed, so the ARN itself is asked for."""
    try:
        answer = systems_manager.get_parameters(Names=[value_from], WithDecryption=True)
    except (ClientError, BotoCoreError) as error:
        raise SecretsUnavailable(f"{UNAVAILABLE}{SSM}{RETRIED}{_worded(error)}") from error
    if not answer["Parameters"]:
        raise SecretsUnavailable(f"{UNAVAILABLE}{SSM}{RETRIED}invalid ssm parameters: {value_from}")
    return str(answer["Parameters"][0]["Value"])


def _worded(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return str(error)
