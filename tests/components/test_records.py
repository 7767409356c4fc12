"""The router's tables as they would be deployed."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi import Output, ResourceOptions

from opencode_components.records import Records, RecordsArgs
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure
from tests.tables import TABLE, key_schema, request_for

TABLES = ("keys", "usage", "counters")
KEY_ARN = "arn:aws:kms:us-east-1:111122223333:key/0b7c4f1e-1111-2222-3333-444455556666"


def records(args: RecordsArgs | None = None) -> Callable[[], None]:
    def program() -> None:
        tables = Records("gateway", args or RecordsArgs())
        for output in Records.__annotations__:
            pulumi.export(output, getattr(tables, output))

    return program


def test_keys_are_found_by_hash_and_by_their_owner_and_usage_by_request_and_by_caller(deploy: Deploy) -> None:
    graph = deploy(records())
    keys, usage = (request_for(graph.one(TABLE, f"gateway-{name}").inputs) for name in ("keys", "usage"))

    assert (keys["KeySchema"], usage["KeySchema"]) == (key_schema("key_hash"), key_schema("request_id"))
    assert by_index(keys) == {"user-sub-index": key_schema("user_sub", "created_at")}
    assert by_index(usage) == {"caller-index": key_schema("caller", "started_at")}


def by_index(request: dict[str, Any]) -> dict[str, Any]:
    return {index["IndexName"]: index["KeySchema"] for index in request["GlobalSecondaryIndexes"]}


def test_counters_are_kept_by_subject_and_window(deploy: Deploy) -> None:
    inputs = deploy(records()).one(TABLE, "gateway-counters").inputs

    assert request_for(inputs)["KeySchema"] == key_schema("subject", "window")
    assert inputs["attributes"] == [{"name": "subject", "type": "S"}, {"name": "window", "type": "S"}]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_paid_by_request_restorable_and_forgets_what_expired(deploy: Deploy, table: str) -> None:
    inputs = deploy(records()).one(TABLE, f"gateway-{table}").inputs

    assert inputs["billingMode"] == "PAY_PER_REQUEST"
    assert inputs["pointInTimeRecovery"] == {"enabled": True}
    assert inputs["ttl"] == {"attributeName": "ttl", "enabled": True}


def test_the_tables_refuse_to_be_deleted_unless_said_otherwise(deploy: Deploy) -> None:
    guarded, loose = deploy(records()), deploy(records(RecordsArgs(deletion_protection=False)))

    assert [(t.protect, t.inputs["deletionProtectionEnabled"]) for t in guarded.all(TABLE)] == [(True, True)] * 3
    assert [(t.protect, t.inputs["deletionProtectionEnabled"]) for t in loose.all(TABLE)] == [(False, False)] * 3


def test_protection_of_the_component_reaches_tables_without_their_own(deploy: Deploy) -> None:
    def program() -> None:
        Records("gateway", RecordsArgs(deletion_protection=False), ResourceOptions(protect=True))

    assert all(table.protect for table in deploy(program).all(TABLE))


def test_a_customers_key_encrypts_every_table_and_otherwise_dynamodbs_own_does(deploy: Deploy) -> None:
    own, customers = deploy(records()), deploy(records(RecordsArgs(kms_key_arn=Output.from_input(KEY_ARN))))

    assert not any("serverSideEncryption" in table.inputs for table in own.all(TABLE))
    encryption = [table.inputs["serverSideEncryption"] for table in customers.all(TABLE)]
    assert encryption == [{"enabled": True, "kmsKeyArn": KEY_ARN}] * 3


def test_the_outputs_name_the_tables(deploy: Deploy) -> None:
    graph = deploy(records())

    tables = {table: graph.one(TABLE, f"gateway-{table}").outputs for table in TABLES}
    names = {f"{table}_table_name": outputs["name"] for table, outputs in tables.items()}
    arns = {f"{table}_table_arn": outputs["arn"] for table, outputs in tables.items()}
    assert graph.outputs == {**names, **arns}
    assert dict(graph.one("opencode_components:index:Records").outputs) == dict(graph.outputs)


def test_two_sets_of_records_in_one_account_do_not_clash(deploy: Deploy) -> None:
    assert not any("name" in table.inputs for table in deploy(records()).all(TABLE))


def test_records_break_no_security_rule_protected_or_not(deploy: Deploy) -> None:
    assert_secure(deploy(records()))
    assert_secure(deploy(records(RecordsArgs(deletion_protection=False))))
