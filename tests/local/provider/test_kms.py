"""Keys and their aliases."""

import json
from typing import Any

import pytest

from tests.local.provider.declaring import Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"


def policy(*actions: str, principal: Any = "*") -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_key_changes_in_place_and_is_scheduled_for_deletion(program: Program) -> None:
    key = program.declare(KEY, description="Encrypts alarms", policy=policy("kms:*"), deletionWindowInDays=7)

    new = {"description": "Encrypts all", "enableKeyRotation": True, "rotationPeriodInDays": 90, "isEnabled": True}
    new["policy"] = policy("kms:*", principal={"AWS": "arn:aws:iam::123456789012:root"})
    new["deletionWindowInDays"] = 7
    changed = dict.fromkeys(["description", "enableKeyRotation", "rotationPeriodInDays", "isEnabled", "policy"])
    key = lives_and_changes(program, key, changed, **new)
    leaves_nothing(program, key)

    there = program.client("kms").describe_key(KeyId=key.id)["KeyMetadata"]
    assert there["KeyState"] == "PendingDeletion"
    assert not program.aws.store.kinds()


def test_another_use_is_another_key(program: Program) -> None:
    key = program.declare(KEY)

    assert program.plan(key, keyUsage="SIGN_VERIFY", customerMasterKeySpec="RSA_2048") == {
        "keyUsage": True,
        "customerMasterKeySpec": True,
    }


def test_a_key_that_is_switched_off_by_hand_shows(program: Program) -> None:
    key = program.declare(KEY, isEnabled=True)
    program.client("kms").disable_key(KeyId=key.id)

    assert program.drift(key) == {"isEnabled": False}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"policy": "{}"}, "malformed"),
        ({"policy": policy("kms:Decrypt")}, "will not allow you to update the key policy in the future"),
        ({"keyUsage": "TELL_SECRETS"}, "enum value set"),
        ({"rotationPeriodInDays": 90}, "needs enableKeyRotation"),
        ({"customKeyStoreId": "cks-1"}, "not supported by the local AWS"),
    ],
)
def test_a_key_that_aws_would_refuse_is_refused(program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(KEY, **bad)


def test_an_alias_moves_to_another_key_in_place(program: Program) -> None:
    first, second = program.declare(KEY), program.declare(KEY)
    alias = program.declare(ALIAS, name="alias/alarms", targetKeyId=first["arn"])

    alias = lives_and_changes(program, alias, {"targetKeyId": None}, name="alias/alarms", targetKeyId=second.id)

    assert alias["targetKeyArn"] == second["arn"]
    leaves_nothing(program, alias)


def test_an_alias_that_aws_would_refuse_is_refused(program: Program) -> None:
    key = program.declare(KEY)
    program.declare(ALIAS, name="alias/taken", targetKeyId=key.id)

    with pytest.raises(Refused, match="already exists"):
        program.declare(ALIAS, name="alias/taken", targetKeyId=key.id)
    with pytest.raises(Refused, match="reserved for AWS managed keys"):
        program.declare(ALIAS, name="alias/aws/ours", targetKeyId=key.id)
    with pytest.raises(Refused, match="does not exist"):
        program.declare(ALIAS, name="alias/alarms", targetKeyId="11111111-1111-1111-1111-111111111111")


def test_a_key_that_was_only_half_made_is_kept_and_repaired(program: Program) -> None:
    with pytest.raises(Refused, match="greater than or equal to 90") as refusal:
        program.declare(KEY, enableKeyRotation=True, rotationPeriodInDays=30)
    assert refusal.value.kept is not None

    key = program.change(refusal.value.kept, enableKeyRotation=True, rotationPeriodInDays=90)

    assert_as_declared(program, key)
    assert len(program.client("kms").list_keys()["Keys"]) == 1
