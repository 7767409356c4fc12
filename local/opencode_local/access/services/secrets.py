"""AWS KMS, Secrets Manager and Systems Manager parameters.

Sources: Service authorization reference, "AWS Key Management Service", "AWS Secrets Manager" and "AWS Systems Manager";
KMS developer guide, "Control access to your KMS key with aliases" (read 2026-11-21).
"""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends

from opencode_local.access.needs import Need, Rule, anywhere, need, text
from opencode_local.access.operations import Asked

ENCRYPTION_CONTEXT = "kms:EncryptionContext:"
VALUE_ACTIONS = {"GetSecretValue": ("Decrypt",), "PutSecretValue": ("GenerateDataKey", "Decrypt")}
"""What reading and writing a value does with the key.

Source: AWS Secrets Manager user guide, "Secret encryption and decryption in AWS Secrets Manager" (read 2026-11-21).
"""
KEY_OF_CIPHERTEXT_LENGTH = 36
"""A ciphertext of the embedded KMS begins with the id of its key."""


def key_arn(asked: Asked, name: str) -> str:
    """Keys are named by id, ARN, alias or alias ARN; a policy is asked about the key's ARN."""
    keys = kms_backends[asked.account_id][asked.region]
    alias = name.rpartition(":")[2] if ":alias/" in name else name
    if alias.startswith("alias/"):
        key_id = keys.get_key_id_from_alias(alias)
        return asked.arn(f"key/{key_id}") if key_id else asked.arn(alias)
    return name if name.startswith("arn:") else asked.arn(f"key/{name}")


def _key_context(asked: Asked, *, member: str = "EncryptionContext") -> Mapping[str, Any]:
    given = asked.params.get(member) or {}
    keys = {f"{ENCRYPTION_CONTEXT}{name}": value for name, value in given.items()}
    named = str(asked.params.get("KeyId") or "")
    alias = {"kms:RequestAlias": named.rpartition(":")[2]} if "alias/" in named else {}
    names = {"kms:EncryptionContextKeys": sorted(given)} if given else {}
    return {**keys, **names, **alias, "kms:CallerAccount": asked.account_id}


def on_key(asked: Asked) -> Sequence[Need]:
    return [need(asked, key_arn(asked, text(asked.params, "KeyId")), context=_key_context(asked))]


def on_ciphertext(asked: Asked) -> Sequence[Need]:
    """Who decrypts need not name the key: the ciphertext knows it."""
    named = asked.params.get("KeyId") or _key_of(asked.params)
    return [need(asked, key_arn(asked, named), context=_key_context(asked))]


def on_two_keys(asked: Asked) -> Sequence[Need]:
    source = asked.params.get("SourceKeyId") or _key_of(asked.params)
    target = key_arn(asked, text(asked.params, "DestinationKeyId"))
    before = _key_context(asked, member="SourceEncryptionContext")
    after = _key_context(asked, member="DestinationEncryptionContext")
    return [
        need(asked, key_arn(asked, source), action="ReEncryptFrom", context=before),
        need(asked, target, action="ReEncryptTo", context=after),
    ]


def _key_of(params: Mapping[str, Any]) -> str:
    decoded = b64decode(text(params, "CiphertextBlob"))
    return decoded[:KEY_OF_CIPHERTEXT_LENGTH].decode("ascii", "replace")


def secret_arn(asked: Asked, name: str) -> str:
    """Secrets are named by name, ARN, or an ARN without its random end."""
    secret: Any = secretsmanager_backends[asked.account_id][asked.region].secrets.get(name)
    if secret is not None:
        return str(secret.arn)
    return name if name.startswith("arn:") else asked.arn(f"secret:{name}")


def on_secret(asked: Asked) -> Sequence[Need]:
    """Values that a customer's own key protects need the key, too; Secrets Manager uses it in the caller's name."""
    arn = secret_arn(asked, text(asked.params, "SecretId"))
    context: dict[str, Any] = {"secretsmanager:SecretId": arn}
    if asked.operation == "GetSecretValue" and "VersionId" not in asked.params:
        context["secretsmanager:VersionStage"] = asked.params.get("VersionStage") or "AWSCURRENT"
    if "VersionId" in asked.params:
        context["secretsmanager:VersionId"] = asked.params["VersionId"]
    return [need(asked, arn, context=context), *_keys_of_value(asked, arn)]


def _keys_of_value(asked: Asked, arn: str) -> Sequence[Need]:
    secret: Any = secretsmanager_backends[asked.account_id][asked.region].secrets.get(arn)
    key = getattr(secret, "kms_key_id", None) or ""
    actions = VALUE_ACTIONS.get(asked.operation, ())
    if not key or not actions or key.endswith("alias/aws/secretsmanager"):
        return ()
    context = {
        "kms:CallerAccount": asked.account_id,
        "kms:ViaService": f"secretsmanager.{asked.region}.amazonaws.com",
        f"{ENCRYPTION_CONTEXT}SecretARN": arn,
    }
    resource = key_arn(replace(asked, service="kms"), key)
    return [Need(action=f"kms:{action}", resource=resource, context=context) for action in actions]


def on_new_secret(asked: Asked) -> Sequence[Need]:
    name = text(asked.params, "Name")
    return [need(asked, asked.arn(f"secret:{name}"), context={"secretsmanager:Name": name})]


def on_several_secrets(asked: Asked) -> Sequence[Need]:
    """The batch itself, and the value of each."""
    names = asked.params.get("SecretIdList") or ()
    each = [need(asked, secret_arn(asked, name), action="GetSecretValue") for name in names]
    return [need(asked, "*"), *each]


def parameter_arn(asked: Asked, name: str) -> str:
    """A version or label behind `:` is no part of the parameter."""
    if name.startswith("arn:"):
        return name
    return asked.arn(f"parameter/{name.partition(':')[0].lstrip('/')}")


def on_parameter(asked: Asked) -> Sequence[Need]:
    return [need(asked, parameter_arn(asked, text(asked.params, "Name")))]


def on_parameters(asked: Asked) -> Sequence[Need]:
    return [need(asked, parameter_arn(asked, name)) for name in asked.params.get("Names") or ("*",)]


def on_path(asked: Asked) -> Sequence[Need]:
    recursive = "true" if asked.params.get("Recursive") else "false"
    return [need(asked, parameter_arn(asked, text(asked.params, "Path")), context={"ssm:Recursive": recursive})]


KMS_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            "DescribeKey",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
            "GenerateDataKeyWithoutPlaintext",
            "GenerateMac",
            "GetKeyPolicy",
            "GetKeyRotationStatus",
            "GetPublicKey",
            "Sign",
            "Verify",
            "VerifyMac",
        ),
        on_key,
    ),
    "Decrypt": on_ciphertext,
    "GenerateRandom": anywhere,
    "ListAliases": anywhere,
    "ListKeys": anywhere,
    "ReEncrypt": on_two_keys,
}
SECRETS_MANAGER_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            "DeleteSecret",
            "DescribeSecret",
            "GetResourcePolicy",
            "GetSecretValue",
            "ListSecretVersionIds",
            "PutSecretValue",
            "RotateSecret",
            "TagResource",
            "UpdateSecret",
            "UpdateSecretVersionStage",
        ),
        on_secret,
    ),
    "BatchGetSecretValue": on_several_secrets,
    "CreateSecret": on_new_secret,
    "GetRandomPassword": anywhere,
    "ListSecrets": anywhere,
}
SSM_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("DeleteParameter", "GetParameter", "GetParameterHistory", "PutParameter"), on_parameter),
    "DescribeParameters": anywhere,
    "GetParameters": on_parameters,
    "GetParametersByPath": on_path,
}
