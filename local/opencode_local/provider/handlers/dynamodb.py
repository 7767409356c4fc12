"""Tables."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.comparison import covers
from opencode_local.provider.errors import AwsError
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.kms_keys import require_key
from opencode_local.provider.members import block, blocks, reported, request, unsupported, value, values
from opencode_local.provider.tags import changes, mapping, pairs

INDEX = (value("name", "IndexName"), *values("hashKey", "rangeKey"))
KEY_SCHEMAS = blocks("keySchemas", *values("attributeName", "keyType"), member="KeySchema")
"""A global index names its keys in a list, or by the older hashKey and rangeKey."""
PROJECTION = (
    value("projectionType", "Projection.ProjectionType"),
    value("nonKeyAttributes", "Projection.NonKeyAttributes"),
)
THROUGHPUT = (
    value("readCapacity", "ProvisionedThroughput.ReadCapacityUnits"),
    value("writeCapacity", "ProvisionedThroughput.WriteCapacityUnits"),
)
ATTRIBUTES = blocks(
    "attributes", value("name", "AttributeName"), value("type", "AttributeType"), member="AttributeDefinitions"
)
TABLE = (
    value("name", "TableName"),
    *values("billingMode", "deletionProtectionEnabled"),
    ATTRIBUTES,
    *values("hashKey", "rangeKey"),
    *THROUGHPUT,
    blocks("globalSecondaryIndexes", *INDEX, KEY_SCHEMAS, *PROJECTION, *THROUGHPUT),
    blocks("localSecondaryIndexes", *INDEX, *PROJECTION),
    value("streamEnabled", "StreamSpecification.StreamEnabled"),
    value("streamViewType", "StreamSpecification.StreamViewType"),
)
STORED = (
    block("serverSideEncryption", value("enabled"), value("kmsKeyArn", "KMSMasterKeyId"), member="SSESpecification"),
    value("tableClass"),
)
EXTRAS = (
    block(
        "pointInTimeRecovery",
        value("enabled", "PointInTimeRecoveryEnabled"),
        value("recoveryPeriodInDays"),
        member="PointInTimeRecoverySpecification",
    ),
    block("ttl", value("attributeName"), value("enabled"), member="TimeToLiveSpecification"),
)
STORED_KIND = "dynamodb table settings"
"""The store keeps what the embedded AWS forgets of a table, or does not let be changed."""
PROVISIONED = "PROVISIONED"
NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
GONE = ("ResourceNotFoundException", "TableNotFoundException")


class Table(Handler):
    token = "aws:dynamodb/table:Table"
    replace_on = frozenset({"name", "hashKey", "rangeKey", "localSecondaryIndexes"})
    filled_by_aws = frozenset(
        {"pointInTimeRecovery", "readCapacity", "serverSideEncryption", "streamViewType", "ttl", "writeCapacity"}
    )
    auto_name = AutoName("name", 255)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported([*TABLE, *STORED, *EXTRAS], inputs)
        if not inputs.get("hashKey"):
            faults.append(Fault("hashKey", "required"))
        if not NAME.fullmatch(inputs["name"]):
            faults.append(Fault("name", "must be 3 to 255 of a-z, A-Z, 0-9, underscore, hyphen and dot"))
        return [*faults, *_attribute_faults(inputs)]

    def create(self, aws: Aws, inputs: Properties) -> str:
        client, name = aws.client("dynamodb"), inputs["name"]
        stored = _stored(aws, "CreateTable", inputs)
        wanted = _table_request({"billingMode": PROVISIONED, **inputs})
        # Only with a key of its own: without one the embedded AWS would leave a key of its making behind.
        has_key = "KMSMasterKeyId" in stored.get("SSESpecification", {})
        passed = stored if has_key else {key: part for key, part in stored.items() if key != "SSESpecification"}
        client.create_table(**wanted, **passed, Tags=pairs(inputs.get("tagsAll")))
        aws.store.put(STORED_KIND, name, stored)
        with finishing(name, inputs):
            _set_extras(aws, name, inputs)
        return str(name)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("dynamodb")
        answer = found(client.describe_table, *GONE, TableName=id_)
        if answer is None:
            return None
        table = answer["Table"]
        stored = {"TableClass": "STANDARD", **(aws.store.get(STORED_KIND, id_) or {})}
        tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        return {
            **reported(TABLE, _as_declared(table), inputs),
            **reported(STORED, stored, inputs),
            **reported(EXTRAS, _extras(aws, id_), inputs),
            "tagsAll": mapping(tags),
            "arn": table["TableArn"],
            "streamArn": table.get("LatestStreamArn", ""),
            "streamLabel": table.get("LatestStreamLabel", ""),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("dynamodb")
        aws.store.put(STORED_KIND, id_, _stored(aws, "UpdateTable", new))
        _update_settings(aws, id_, old, new)
        for index_update in _index_updates(old, new):
            attributes = request([ATTRIBUTES], new)
            client.update_table(TableName=id_, GlobalSecondaryIndexUpdates=[index_update], **attributes)
        _set_extras(aws, id_, new)
        arn = client.describe_table(TableName=id_)["Table"]["TableArn"]
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_resource(ResourceArn=arn, Tags=pairs(added))
        if removed:
            client.untag_resource(ResourceArn=arn, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("dynamodb").delete_table, *GONE, TableName=id_)
        aws.store.delete(STORED_KIND, id_)


def _attribute_faults(inputs: Properties) -> Iterator[Fault]:
    """Source: terraform-provider-aws, internal/service/dynamodb/table.go, validateTableAttributes (read 2026-11-21)."""
    indexes = [*(inputs.get("globalSecondaryIndexes") or ()), *(inputs.get("localSecondaryIndexes") or ())]
    keys = {part.get(kind) for part in (inputs, *indexes) for kind in ("hashKey", "rangeKey")} - {None}
    keys |= {key["attributeName"] for index in indexes for key in index.get("keySchemas") or ()}
    defined = {attribute["name"] for attribute in inputs.get("attributes") or ()}
    if defined - keys:
        yield Fault("attributes", f"all attributes must be indexed. Unused attributes: {sorted(defined - keys)}")
    if keys - defined:
        yield Fault(
            "attributes", f"all indexes must match a defined attribute. Unmatched indexes: {sorted(keys - defined)}"
        )


def _stored(aws: Aws, operation: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    stored = request(STORED, inputs)
    encryption = stored.get("SSESpecification", {})
    key = encryption.get("KMSMasterKeyId")
    if key and not encryption.get("Enabled"):
        message = "One or more parameter values were invalid: KMSMasterKeyId needs SSE to be enabled"
        raise AwsError("ValidationException", message, operation)
    require_key(aws, operation, key)
    if operation == "UpdateTable":
        aws.validate("dynamodb", operation, TableName=inputs["name"], **stored)
    return stored


def _table_request(inputs: Mapping[str, Any]) -> dict[str, Any]:
    wanted = _with_key_schema(request(TABLE, inputs))
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if kind in wanted:
            wanted[kind] = [_with_key_schema({"HashKey": inputs["hashKey"], **index}) for index in wanted[kind]]
    return wanted


def _with_key_schema(keyed: Mapping[str, Any]) -> dict[str, Any]:
    """A table's or index's request, its keys as AWS lists them."""
    kinds = {"HashKey": "HASH", "RangeKey": "RANGE"}
    schema = [{"AttributeName": keyed[name], "KeyType": kind} for name, kind in kinds.items() if keyed.get(name)]
    return {"KeySchema": schema, **{name: part for name, part in keyed.items() if name not in kinds}}


def _as_declared(table: Mapping[str, Any]) -> dict[str, Any]:
    """A described table with its keys by name and its indexes likewise."""
    billing_mode = table.get("BillingModeSummary", {}).get("BillingMode", PROVISIONED)
    local = [_keys_by_name(index) for index in table.get("LocalSecondaryIndexes", ())]
    for index in local:
        index.pop("HashKey")
    return {
        **_keys_by_name(table),
        "BillingMode": billing_mode,
        "GlobalSecondaryIndexes": [_keys_by_name(index) for index in table.get("GlobalSecondaryIndexes", ())],
        "LocalSecondaryIndexes": local,
    }


def _keys_by_name(part: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {"HASH": "HashKey", "RANGE": "RangeKey"}
    return {**part, **{kinds[key["KeyType"]]: key["AttributeName"] for key in part["KeySchema"]}}


def _extras(aws: Aws, name: str) -> dict[str, Any]:
    """Point-in-time recovery and time to live as their requests have them."""
    client = aws.client("dynamodb")
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    is_on = recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    return {
        "PointInTimeRecoverySpecification": {**recovery, "PointInTimeRecoveryEnabled": is_on},
        "TimeToLiveSpecification": {**ttl, "Enabled": ttl["TimeToLiveStatus"] == "ENABLED"},
    }


def _set_extras(aws: Aws, name: str, inputs: Properties) -> None:
    client, wanted, there = aws.client("dynamodb"), request(EXTRAS, inputs), _extras(aws, name)
    recovery, ttl = "PointInTimeRecoverySpecification", "TimeToLiveSpecification"
    if recovery in wanted and not covers(wanted[recovery], there[recovery]):
        client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted[recovery])
    if "AttributeName" in wanted.get(ttl, {}) and not covers(wanted[ttl], there[ttl]):
        client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": False, **wanted[ttl]})


def _update_settings(aws: Aws, id_: str, old: Properties, new: Properties) -> None:
    names = (
        "billingMode",
        "deletionProtectionEnabled",
        "readCapacity",
        "writeCapacity",
        "streamEnabled",
        "streamViewType",
    )
    changed = {name for name in names if old.get(name) != new.get(name)}
    # AWS takes the two halves of a structure together or not at all.
    for halves in ({"readCapacity", "writeCapacity"}, {"streamEnabled", "streamViewType"}):
        if changed & halves:
            changed |= halves
    if changed:
        defaults = {"billingMode": PROVISIONED, "deletionProtectionEnabled": False, "streamEnabled": False}
        wanted = {name: {**defaults, **new}[name] for name in changed if name in {**defaults, **new}}
        aws.client("dynamodb").update_table(TableName=id_, **request(TABLE, wanted))


def _index_updates(old: Properties, new: Properties) -> Iterator[dict[str, Any]]:
    """AWS makes or removes one index per call; one whose keys or projection change is made anew."""
    before = {index["name"]: index for index in old.get("globalSecondaryIndexes") or ()}
    after = {index["name"]: index for index in new.get("globalSecondaryIndexes") or ()}
    for name in before.keys() - after.keys() | {name for name in before if after.get(name) != before[name]}:
        yield {"Delete": {"IndexName": name}}
    for name, index in after.items():
        if before.get(name) != index:
            yield {"Create": _with_key_schema(request([*INDEX, KEY_SCHEMAS, *PROJECTION, *THROUGHPUT], index))}


HANDLERS = (Table(),)
