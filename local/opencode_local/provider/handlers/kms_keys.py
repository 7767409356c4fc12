"""KMS keys and their aliases."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.members import reported, request, unsupported, value, values
from opencode_local.provider.tags import changes, mapping, pairs

KEY = (
    *values("description", "keyUsage", "multiRegion", "policy"),
    value("customerMasterKeySpec", "KeySpec"),
    value("bypassPolicyLockoutSafetyCheck"),
)
READ_BACK = tuple(entry for entry in KEY if entry.property != "bypassPolicyLockoutSafetyCheck")
ROTATION_KIND = "kms rotation period"
"""The store keeps a key's rotation period in days, which the embedded AWS forgets."""
DEFAULT_ROTATION_DAYS = 365
DEFAULT_WINDOW_DAYS = 30
SYMMETRIC, ENCRYPTION = "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"
"""Key spec and use of those that KMS rotates, and where none is named.

Source: AWS KMS API reference, EnableKeyRotation (read 2026-11-21).
"""
ALIAS_PREFIX = "alias/"
RESERVED_PREFIX = "alias/aws/"


class Key(Handler):
    token = "aws:kms/key:Key"
    replace_on = frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion"})
    filled_by_aws = frozenset({"description", "multiRegion", "policy", "rotationPeriodInDays"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        others = ("isEnabled", "enableKeyRotation", "rotationPeriodInDays", "deletionWindowInDays")
        faults = unsupported(KEY, inputs, *others)
        if inputs.get("rotationPeriodInDays") and not inputs.get("enableKeyRotation"):
            faults.append(Fault("rotationPeriodInDays", "needs enableKeyRotation to be true"))
        if inputs.get("enableKeyRotation") and not _rotates(inputs):
            faults.append(Fault("enableKeyRotation", f"KMS rotates only keys of {SYMMETRIC} for {ENCRYPTION}"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_policy("CreateKey", inputs)
        answer = aws.client("kms").create_key(**request(KEY, inputs), Tags=_tag_list(inputs.get("tagsAll")))
        id_ = str(answer["KeyMetadata"]["KeyId"])
        with finishing(id_, inputs):
            _set_rotation(aws, id_, inputs)
            if inputs.get("isEnabled") is False:
                aws.client("kms").disable_key(KeyId=id_)
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        key = described_key(aws, id_)
        if key is None:
            return None
        client = aws.client("kms")
        policy = client.get_key_policy(KeyId=id_, PolicyName="default")["Policy"]
        rotates = client.get_key_rotation_status(KeyId=id_)["KeyRotationEnabled"]
        period = aws.store.get(ROTATION_KIND, id_)
        return {
            **reported(READ_BACK, {**key, "Policy": policy}, inputs),
            "isEnabled": key["Enabled"],
            "enableKeyRotation": rotates,
            "rotationPeriodInDays": period["days"] if rotates and period else None,
            "tagsAll": mapping(client.list_resource_tags(KeyId=id_)["Tags"], "TagKey", "TagValue"),
            "arn": key["Arn"],
            "keyId": key["KeyId"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _refuse_policy("PutKeyPolicy", new)
        client = aws.client("kms")
        client.update_key_description(KeyId=id_, Description=new.get("description", ""))
        if new.get("policy"):
            client.put_key_policy(KeyId=id_, PolicyName="default", Policy=new["policy"])
        _set_rotation(aws, id_, new)
        switch = client.enable_key if new.get("isEnabled", True) else client.disable_key
        switch(KeyId=id_)
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_resource(KeyId=id_, Tags=_tag_list(added))
        if removed:
            client.untag_resource(KeyId=id_, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if described_key(aws, id_):
            window_days = properties.get("deletionWindowInDays", DEFAULT_WINDOW_DAYS)
            aws.client("kms").schedule_key_deletion(KeyId=id_, PendingWindowInDays=window_days)
        aws.store.delete(ROTATION_KIND, id_)


class Alias(Handler):
    token = "aws:kms/alias:Alias"
    replace_on = frozenset({"name", "namePrefix"})
    auto_name = AutoName("name", 256)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(values("name", "namePrefix", "targetKeyId"), inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = _alias_name(inputs["name"])
        if name.startswith(RESERVED_PREFIX):
            message = f"{name}: the prefix {RESERVED_PREFIX} is reserved for AWS managed keys"
            raise AwsError("NotAuthorizedException", message, "CreateAlias")
        aws.client("kms").create_alias(AliasName=name, TargetKeyId=_key_id(aws, inputs["targetKeyId"]))
        return name

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        aliases = aws.client("kms").list_aliases()["Aliases"]
        there = next((alias for alias in aliases if alias["AliasName"] == id_), None)
        key = described_key(aws, there["TargetKeyId"]) if there else None
        if there is None or key is None:
            return None
        name, declared = there["AliasName"], inputs.get("targetKeyId")
        return {
            "name": inputs["name"] if _alias_name(inputs.get("name", "")) == name else name,
            "targetKeyId": declared if declared in (key["Arn"], key["KeyId"]) else key["KeyId"],
            "arn": there["AliasArn"],
            "targetKeyArn": key["Arn"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        aws.client("kms").update_alias(AliasName=id_, TargetKeyId=_key_id(aws, new["targetKeyId"]))

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("kms").delete_alias, "NotFoundException", AliasName=id_)


def described_key(aws: Aws, key: str) -> dict[str, Any] | None:
    """The metadata of a key by id, ARN or alias; None when there is none or it is being deleted."""
    answer = found(aws.client("kms").describe_key, "NotFoundException", KeyId=key)
    if answer is None or answer["KeyMetadata"]["KeyState"] == "PendingDeletion":
        return None
    return dict(answer["KeyMetadata"])


def require_key(aws: Aws, operation: str, key: str | None, code: str = "ValidationException") -> None:
    """Raises AwsError when a key is named that cannot be used."""
    metadata = described_key(aws, key) if key else None
    if key and (metadata is None or not metadata["Enabled"]):
        raise AwsError(code, f"KMS key {key} does not exist or is not enabled.", operation)


def _key_id(aws: Aws, key: str) -> str:
    metadata = described_key(aws, key)
    if metadata is None:
        raise AwsError("NotFoundException", f"Key '{key}' does not exist", "CreateAlias")
    return str(metadata["KeyId"])


def _alias_name(name: str) -> str:
    return name if name.startswith(ALIAS_PREFIX) else ALIAS_PREFIX + name


def _tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    return pairs(tags, "TagKey", "TagValue")


def _set_rotation(aws: Aws, id_: str, inputs: Mapping[str, Any]) -> None:
    client, days = aws.client("kms"), inputs.get("rotationPeriodInDays", DEFAULT_ROTATION_DAYS)
    if inputs.get("enableKeyRotation"):
        client.enable_key_rotation(KeyId=id_, RotationPeriodInDays=days)
        aws.store.put(ROTATION_KIND, id_, {"days": days})
    elif _rotates(inputs):
        client.disable_key_rotation(KeyId=id_)
        aws.store.delete(ROTATION_KIND, id_)


def _rotates(inputs: Mapping[str, Any]) -> bool:
    """Of others, even switching it off is refused."""
    spec, use = inputs.get("customerMasterKeySpec", SYMMETRIC), inputs.get("keyUsage", ENCRYPTION)
    return (spec, use) == (SYMMETRIC, ENCRYPTION)


def _refuse_policy(operation: str, inputs: Mapping[str, Any]) -> None:
    """Raises AwsError for a policy that nobody of the account could change again."""
    if not inputs.get("policy"):
        return
    try:
        statements = json.loads(inputs["policy"])["Statement"]
    except (ValueError, KeyError, TypeError):
        message = "Policy document is malformed."
        raise AwsError("MalformedPolicyDocumentException", message, operation) from None
    if not inputs.get("bypassPolicyLockoutSafetyCheck") and not any(map(_lets_change_policy, statements)):
        message = "The new key policy will not allow you to update the key policy in the future."
        raise AwsError("MalformedPolicyDocumentException", message, operation)


def _lets_change_policy(statement: Mapping[str, Any]) -> bool:
    principal, actions = statement.get("Principal"), statement.get("Action", [])
    is_account = principal == "*" or (isinstance(principal, Mapping) and "AWS" in principal)
    asked = {actions} if isinstance(actions, str) else set(actions)
    return (
        statement.get("Effect") == "Allow"
        and is_account
        and bool(asked & {"*", "kms:*", "kms:Put*", "kms:PutKeyPolicy"})
    )


HANDLERS = (Key(), Alias())
