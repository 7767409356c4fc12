"""Keys and their aliases."""

import json
from base64 import b64decode
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from opencode_local.provider import invokes
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


def test_a_key_of_releases_signs_what_its_public_half_verifies(program: Program) -> None:
    inputs = {"keyUsage": "SIGN_VERIFY", "customerMasterKeySpec": "ECC_NIST_EDWARDS25519"}
    key = program.declare(KEY, **inputs, description="Signs releases")
    key = lives_and_changes(program, key, {"description": None}, **inputs, description="Signs releases of ours")
    kms = program.client("kms")
    asked = {"KeyId": key["arn"], "SigningAlgorithm": "ED25519_SHA_512", "Message": b"m" * 4096}

    told = invokes.answer(program.aws, "aws:kms/getPublicKey:getPublicKey", {"keyId": key["arn"]})
    signature = kms.sign(**asked, MessageType="RAW")["Signature"]

    public_key = Ed25519PublicKey.from_public_bytes(b64decode(told["publicKey"])[-32:])
    public_key.verify(signature, asked["Message"])
    assert load_pem_public_key(told["publicKeyPem"].encode()) == public_key
    assert (told["arn"], told["keyUsage"]) == (key["arn"], "SIGN_VERIFY")
    assert told["customerMasterKeySpec"] == "ECC_NIST_EDWARDS25519"
    assert told["signingAlgorithms"] == ["ED25519_SHA_512"]
    assert kms.verify(**asked, Signature=signature)["SignatureValid"]
    assert not kms.verify(**asked, Signature=bytes(64))["SignatureValid"]
    for bad, why in (
        ({"Message": b"m" * 4097}, "length less than or equal to 4096"),
        ({"MessageType": "DIGEST"}, "requires MessageType RAW"),
        ({"SigningAlgorithm": "ECDSA_SHA_512"}, "enum value set"),
    ):
        with pytest.raises(ClientError, match=why):
            kms.sign(**{**asked, **bad})


def test_a_signing_key_does_not_rotate(program: Program) -> None:
    with pytest.raises(Refused, match="enableKeyRotation: KMS rotates only keys of SYMMETRIC_DEFAULT"):
        program.declare(
            KEY, keyUsage="SIGN_VERIFY", customerMasterKeySpec="ECC_NIST_EDWARDS25519", enableKeyRotation=True
        )
