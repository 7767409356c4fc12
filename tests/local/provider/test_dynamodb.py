"""Tables, as the router's are declared and otherwise."""

from typing import Any

import pytest

from tests.local.provider.declaring import Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

TABLE = "aws:dynamodb/table:Table"


def strings(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "type": "S"} for name in names]


def index(name: str, hash_key: str, range_key: str) -> dict[str, str]:
    return {"name": name, "hashKey": hash_key, "rangeKey": range_key, "projectionType": "ALL"}


ON_DEMAND: dict[str, Any] = {"billingMode": "PAY_PER_REQUEST", "hashKey": "id", "attributes": strings("id")}
KEYS: dict[str, Any] = {
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "key_hash",
    "attributes": strings("key_hash", "user_sub", "created_at"),
    "globalSecondaryIndexes": [index("user-sub-index", "user_sub", "created_at")],
    "pointInTimeRecovery": {"enabled": True},
    "serverSideEncryption": {"enabled": True},
    "ttl": {"attributeName": "ttl", "enabled": True},
}
NO_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"


def test_a_table_is_there_as_declared_and_leaves_nothing(program: Program) -> None:
    table = program.declare(TABLE, **KEYS, tags={"for": "keys"})

    there = program.client("dynamodb").describe_table(TableName=table["name"])["Table"]
    assert there["TableArn"] == table["arn"]
    assert [(key["AttributeName"], key["KeyType"]) for key in there["KeySchema"]] == [("key_hash", "HASH")]
    assert [made["IndexName"] for made in there["GlobalSecondaryIndexes"]] == ["user-sub-index"]
    assert table["tagsAll"] == {"owner": "platform", "for": "keys"}
    assert_as_declared(program, table)
    leaves_nothing(program, table)
    assert program.client("dynamodb").list_tables()["TableNames"] == []
    assert not program.aws.store.kinds()


def test_indexes_streams_classes_and_recovery_change_in_place(program: Program) -> None:
    table = program.declare(TABLE, **KEYS)
    new = {
        **KEYS,
        "attributes": strings("key_hash", "team"),
        "globalSecondaryIndexes": [{"name": "team-index", "hashKey": "team", "projectionType": "KEYS_ONLY"}],
        "pointInTimeRecovery": {"enabled": False},
        "ttl": {"attributeName": "ttl", "enabled": False},
        "streamEnabled": True,
        "streamViewType": "NEW_IMAGE",
        "tableClass": "STANDARD_INFREQUENT_ACCESS",
    }

    changed = dict.fromkeys(new.keys() - KEYS.keys() | {"attributes", "globalSecondaryIndexes"})
    lives_and_changes(program, table, {**changed, "pointInTimeRecovery": None, "ttl": None}, **new)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "another"},
        {"hashKey": "b", "attributes": strings("b")},
        {"rangeKey": "b", "attributes": strings("id", "b")},
    ],
)
def test_another_key_or_name_is_another_table(program: Program, change: dict[str, Any]) -> None:
    table = program.declare(TABLE, **ON_DEMAND)

    assert True in program.plan(table, **{**ON_DEMAND, **change}).values()


def test_a_protected_table_is_deleted_only_once_the_protection_is_off(program: Program) -> None:
    table = program.declare(TABLE, **ON_DEMAND, deletionProtectionEnabled=True)

    with pytest.raises(Refused, match="can't be deleted while DeletionProtectionEnabled"):
        program.remove(table)
    leaves_nothing(program, program.change(table, **ON_DEMAND))


def test_what_is_changed_by_hand_shows(program: Program) -> None:
    table = program.declare(TABLE, **KEYS)
    client = program.client("dynamodb")
    client.update_continuous_backups(
        TableName=table["name"], PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    client.update_table(TableName=table["name"], DeletionProtectionEnabled=True)

    drift = program.drift(table)

    assert drift == {"pointInTimeRecovery": {"enabled": False}, "deletionProtectionEnabled": True}


def test_a_table_is_encrypted_with_a_key_that_exists(program: Program) -> None:
    key = program.declare("aws:kms/key:Key")
    table = program.declare(TABLE, **ON_DEMAND, serverSideEncryption={"enabled": True, "kmsKeyArn": key["arn"]})

    assert_as_declared(program, table)


def test_a_table_that_was_only_half_made_is_kept_and_repaired(program: Program) -> None:
    with pytest.raises(Refused, match="less than or equal to 35") as refusal:
        program.declare(TABLE, **KEYS | {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 36}})
    assert refusal.value.kept is not None

    assert_as_declared(program, program.change(refusal.value.kept, **KEYS))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"attributes": strings("id", "spare")}, r"Unused attributes: \['spare'\]"),
        ({"rangeKey": "at"}, r"Unmatched indexes: \['at'\]"),
        ({"billingMode": "FREE"}, "Member must satisfy enum value set"),
        ({"billingMode": "PROVISIONED"}, "ReadCapacityUnits and WriteCapacityUnits must both be specified"),
        ({"name": "a"}, "name: must be 3 to 255"),
        ({"serverSideEncryption": {"enabled": True, "kmsKeyArn": NO_KEY}}, "does not exist"),
        ({"replicas": [{"regionName": "eu-west-1"}]}, "replicas: not supported by the local AWS"),
        ({"colour": "red"}, "Invalid or unknown key 'colour'"),
        ({"hashKey": None}, "hashKey: required"),
    ],
)
def test_a_table_that_aws_would_refuse_is_refused(program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(TABLE, **{**ON_DEMAND, **bad})
    assert program.client("dynamodb").list_tables()["TableNames"] == []
