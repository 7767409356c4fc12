"""Secrets, their versions and their policies."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.kms_keys import require_key
from opencode_local.provider.members import reported, request, unsupported, values
from opencode_local.provider.tags import changes, mapping, pairs

SECRET = values("name", "description", "kmsKeyId")
VERSION = values("secretString", "secretBinary")
POLICY = values("policy", "secretArn", "blockPublicPolicy")
DEFAULT_WINDOW_DAYS = 30
CURRENT = "AWSCURRENT"


class Secret(Handler):
    token = "aws:secretsmanager/secret:Secret"
    replace_on = frozenset({"name", "namePrefix"})
    filled_by_aws = frozenset({"policy"})
    auto_name = AutoName("name", 512)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        others = ("namePrefix", "policy", "recoveryWindowInDays", "forceOverwriteReplicaSecret")
        faults = unsupported(SECRET, inputs, *others)
        window_days = inputs.get("recoveryWindowInDays", DEFAULT_WINDOW_DAYS)
        if window_days != 0 and not 7 <= window_days <= 30:
            faults.append(Fault("recoveryWindowInDays", f"expected 0 or 7 to 30, got {window_days}"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        require_key(aws, "CreateSecret", inputs.get("kmsKeyId"), "InvalidParameterException")
        _refuse_waiting(aws, inputs["name"])
        token, tags = str(uuid4()), pairs(inputs.get("tagsAll"))
        answer = aws.client("secretsmanager").create_secret(
            **request(SECRET, inputs), Tags=tags, ClientRequestToken=token
        )
        with finishing(answer["ARN"], inputs):
            _set_policy(aws, answer["ARN"], inputs.get("policy"))
        return str(answer["ARN"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = _secret(aws, id_)
        if there is None:
            return None
        policy = aws.client("secretsmanager").get_resource_policy(SecretId=id_).get("ResourcePolicy")
        return {
            **reported(SECRET, there, inputs),
            "policy": policy if policy is not None or "policy" not in inputs else "",
            "tagsAll": mapping(there.get("Tags")),
            "arn": there["ARN"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("secretsmanager")
        require_key(aws, "UpdateSecret", new.get("kmsKeyId"), "InvalidParameterException")
        wanted = {"Description": "", **request(SECRET, new)}
        del wanted["Name"]
        client.update_secret(SecretId=id_, **wanted)
        if "policy" in {*old, *new}:
            _set_policy(aws, id_, new.get("policy") or "")
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_resource(SecretId=id_, Tags=pairs(added))
        if removed:
            client.untag_resource(SecretId=id_, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if _secret(aws, id_) is None:
            return
        window_days = properties.get("recoveryWindowInDays", DEFAULT_WINDOW_DAYS)
        how = {"RecoveryWindowInDays": window_days} if window_days else {"ForceDeleteWithoutRecovery": True}
        aws.client("secretsmanager").delete_secret(SecretId=id_, **how)


class SecretVersion(Handler):
    token = "aws:secretsmanager/secretVersion:SecretVersion"
    replace_on = frozenset({"secretId", "secretString", "secretBinary"})
    filled_by_aws = frozenset({"versionStages"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(VERSION, inputs, "secretId", "versionStages")
        if (inputs.get("secretString") is None) == (inputs.get("secretBinary") is None):
            faults.append(Fault("secretString", 'exactly one of "secretString" and "secretBinary" must be specified'))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        wanted = request(VERSION, inputs)
        stages = inputs.get("versionStages") or [CURRENT]
        answer = aws.client("secretsmanager").put_secret_value(
            SecretId=inputs["secretId"], ClientRequestToken=str(uuid4()), VersionStages=stages, **wanted
        )
        return f"{answer['ARN']}|{answer['VersionId']}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        arn, _, version_id = id_.partition("|")
        if _secret(aws, arn) is None:
            return None
        get = aws.client("secretsmanager").get_secret_value
        there = found(get, "ResourceNotFoundException", SecretId=arn, VersionId=version_id)
        if there is None:
            return None
        return {
            **reported(VERSION, there, inputs),
            "secretId": inputs.get("secretId", arn),
            "versionStages": there["VersionStages"],
            "versionId": version_id,
            "arn": arn,
            "secretArn": arn,
            "hasSecretStringWo": False,
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        arn, _, version_id = id_.partition("|")
        client = aws.client("secretsmanager")
        there = client.get_secret_value(SecretId=arn, VersionId=version_id)["VersionStages"]
        wanted = new.get("versionStages") or [CURRENT]
        for stage in sorted(set(wanted) - set(there)):
            holder = _holder(aws, arn, stage)
            moved = {"RemoveFromVersionId": holder} if holder else {}
            client.update_secret_version_stage(SecretId=arn, VersionStage=stage, MoveToVersionId=version_id, **moved)
        _drop_stages(aws, arn, version_id, set(there) - set(wanted))

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        """A version loses its labels, and goes with the secret; the current one keeps its label until then."""
        arn, _, version_id = id_.partition("|")
        secret = _secret(aws, arn) or {}
        _drop_stages(aws, arn, version_id, set(secret.get("VersionIdsToStages", {}).get(version_id, ())))


class SecretPolicy(Handler):
    token = "aws:secretsmanager/secretPolicy:SecretPolicy"
    replace_on = frozenset({"secretArn"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(POLICY, inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        _put_policy(aws, inputs)
        return str(inputs["secretArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        policy = _secret(aws, id_) and aws.client("secretsmanager").get_resource_policy(SecretId=id_).get(
            "ResourcePolicy"
        )
        return {"secretArn": id_, "policy": policy} if policy else None

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _put_policy(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if _secret(aws, id_) is not None:
            aws.client("secretsmanager").delete_resource_policy(SecretId=id_)


def _secret(aws: Aws, arn: str) -> dict[str, Any] | None:
    """None when there is none, or when it only waits for its end."""
    answer = found(aws.client("secretsmanager").describe_secret, "ResourceNotFoundException", SecretId=arn)
    return None if answer is None or answer.get("DeletedDate") else dict(answer)


def _refuse_waiting(aws: Aws, name: str) -> None:
    answer = found(aws.client("secretsmanager").describe_secret, "ResourceNotFoundException", SecretId=name)
    if answer and answer.get("DeletedDate"):
        message = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise AwsError("InvalidRequestException", message, "CreateSecret")


def _set_policy(aws: Aws, arn: str, policy: str | None) -> None:
    if policy:
        _put_policy(aws, {"secretArn": arn, "policy": policy})
    elif policy is not None:
        aws.client("secretsmanager").delete_resource_policy(SecretId=arn)


def _put_policy(aws: Aws, inputs: Mapping[str, Any]) -> None:
    """Raises AwsError for a document that is none, or that opens the secret to everybody when that is blocked."""
    try:
        statements = json.loads(inputs["policy"])["Statement"]
    except (ValueError, KeyError, TypeError):
        message = "This resource policy contains a syntax error."
        raise AwsError("MalformedPolicyDocumentException", message, "PutResourcePolicy") from None
    is_public = any(
        statement.get("Effect") == "Allow"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and not statement.get("Condition")
        for statement in statements
    )
    if is_public and inputs.get("blockPublicPolicy"):
        message = "You can't attach a resource policy that allows broad access to the secret."
        raise AwsError("PublicPolicyException", message, "PutResourcePolicy")
    wanted = {"SecretId": inputs["secretArn"], "ResourcePolicy": inputs["policy"]}
    if inputs.get("blockPublicPolicy") is not None:
        wanted["BlockPublicPolicy"] = inputs["blockPublicPolicy"]
    aws.client("secretsmanager").put_resource_policy(**wanted)


def _holder(aws: Aws, arn: str, stage: str) -> str | None:
    versions = aws.client("secretsmanager").describe_secret(SecretId=arn).get("VersionIdsToStages", {})
    return next((version_id for version_id, stages in versions.items() if stage in stages), None)


def _drop_stages(aws: Aws, arn: str, version_id: str, stages: set[str]) -> None:
    for stage in sorted(stages - {CURRENT}):
        aws.client("secretsmanager").update_secret_version_stage(
            SecretId=arn, VersionStage=stage, RemoveFromVersionId=version_id
        )


HANDLERS = (Secret(), SecretVersion(), SecretPolicy())
