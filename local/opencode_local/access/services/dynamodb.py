"""Amazon DynamoDB: tables, indexes and streams.

Sources: Service authorization reference, "Actions, resources, and condition keys for Amazon DynamoDB"; DynamoDB
developer guide, "Using IAM policy conditions for fine-grained access control", "IAM policies for transactions" and
"How DynamoDB uses AWS KMS" (read 2026-11-21).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends

from opencode_local.access.needs import Need, Rule, Unknowable, anywhere, need, text
from opencode_local.access.operations import Asked

NAME = re.compile(r"(?<![\w:#.])[A-Za-z_]\w*")
"""An attribute in an expression; those behind `#` are found by what they stand for, those behind `.` are parts."""
WORDS = frozenset({"add", "and", "between", "delete", "in", "not", "or", "remove", "set", "size"})
FUNCTIONS = frozenset({"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"})
UPDATE_FUNCTIONS = frozenset({"if_not_exists", "list_append"})
EQUALITY = re.compile(r"(#?[\w.-]+)\s*=\s*(:\w+)")
EXPRESSIONS = (
    "ProjectionExpression",
    "FilterExpression",
    "ConditionExpression",
    "KeyConditionExpression",
    "UpdateExpression",
)
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
"""A transaction is authorised by what it is made of."""
Json = Mapping[str, Any]


def table_arn(asked: Asked, name: str) -> str:
    """Tables are named by name or ARN."""
    return name if name.startswith("arn:") else asked.arn(f"table/{name}")


def _table(asked: Asked, name: str) -> Any | None:
    backend = dynamodb_backends[asked.account_id][asked.region]
    return backend.tables.get(name.rpartition("table/")[2])


def on_table(asked: Asked) -> Sequence[Need]:
    return [need(asked, table_arn(asked, text(asked.params, "TableName", "ResourceArn")))]


def on_items(asked: Asked) -> Sequence[Need]:
    return list(_items(asked, text(asked.params, "TableName"), asked.params, asked.operation))


def on_table_or_index(asked: Asked) -> Sequence[Need]:
    """Reading through an index is authorised on the index alone."""
    name = text(asked.params, "TableName")
    return list(_items(asked, name, asked.params, asked.operation, index=asked.params.get("IndexName")))


def on_several_tables(asked: Asked) -> Sequence[Need]:
    """A batch needs the action on each of its tables."""
    found: list[Need] = []
    for name, part in (asked.params.get("RequestItems") or {}).items():
        writes = part if isinstance(part, list) else [part]
        merged = {"Items": [item for write in writes for item in _written(write)], **(writes[0] if writes else {})}
        found += _items(asked, name, merged, asked.operation)
    return _some(found)


def _written(write: Json) -> Iterator[Json]:
    """Keys and items of one request of a batch, written or read."""
    yield from write.get("Keys", ())
    for kind in write.values():
        if isinstance(kind, Mapping):
            yield from (kind[name] for name in ("Item", "Key") if name in kind)


def on_parts(asked: Asked) -> Sequence[Need]:
    """A transaction needs the action of each of its parts."""
    found: list[Need] = []
    for item in asked.params.get("TransactItems") or ():
        for kind, part in item.items():
            found += _items(asked, text(part, "TableName"), part, PARTS.get(kind, "GetItem"))
    return _some(found)


def on_stream(asked: Asked) -> Sequence[Need]:
    return [need(asked, text(asked.params, "StreamArn"))]


def on_iterator(asked: Asked) -> Sequence[Need]:
    """A shard iterator begins with the stream's ARN."""
    return [need(asked, text(asked.params, "ShardIterator").partition("|")[0])]


def on_any_stream(asked: Asked) -> Sequence[Need]:
    name = asked.params.get("TableName") or "*"
    return [need(asked, f"{table_arn(asked, name)}/stream/*" if name != "*" else "*")]


def _some(found: list[Need]) -> list[Need]:
    if not found:
        raise Unknowable("the request names no table")
    return found


def _items(asked: Asked, name: str, params: Json, action: str, *, index: str | None = None) -> Iterator[Need]:
    table = _table(asked, name)
    arn = table_arn(asked, name) + (f"/index/{index}" if index else "")
    yield need(asked, arn, action=action, context=_context(table, params, index))
    key_arn = _customer_key(asked, table)
    if key_arn is not None:
        via = {"kms:ViaService": f"dynamodb.{asked.region}.amazonaws.com", "kms:CallerAccount": asked.account_id}
        yield Need(action="kms:Decrypt", resource=key_arn, context=via)


def _customer_key(asked: Asked, table: Any | None) -> str | None:
    """The ARN of the table's own key. DynamoDB's default keys are nobody's to allow."""
    encryption = getattr(table, "sse_specification", None) or {}
    name = str(encryption.get("KMSMasterKeyId") or "")
    if not encryption.get("Enabled") or not name:
        return None
    keys = kms_backends[asked.account_id][asked.region].keys
    key = keys.get(name.rpartition("key/")[2])
    is_default = key is not None and any(alias.startswith("alias/aws/") for alias in key.aliases)
    return None if is_default else key.arn if key is not None else name


def _context(table: Any | None, params: Json, index: str | None) -> Mapping[str, Any]:
    """Condition keys for fine-grained access, as far as the request says them."""
    found: dict[str, Any] = {}
    leading = sorted(_leading_keys(table, params, index))
    if leading:
        found["dynamodb:LeadingKeys"] = leading
    attributes = sorted(_attributes(params))
    if attributes:
        found["dynamodb:Attributes"] = attributes
    for name in ("Select", "ReturnValues", "ReturnConsumedCapacity"):
        if isinstance(params.get(name), str):
            found[f"dynamodb:{name}"] = params[name]
    return found


def _leading_keys(table: Any | None, params: Json, index: str | None) -> set[str]:
    """Values of the partition key that the request is for."""
    if table is None:
        return set()
    partition_key = _partition_key(table, index)
    every = [params.get("Key"), params.get("Item"), *params.get("Items", ()), *params.get("Keys", ())]
    found = {_plain(item[partition_key]) for item in every if item and partition_key in item}
    names, values = params.get("ExpressionAttributeNames") or {}, params.get("ExpressionAttributeValues") or {}
    for name, value in EQUALITY.findall(str(params.get("KeyConditionExpression") or "")):
        if names.get(name, name) == partition_key and value in values:
            found.add(_plain(values[value]))
    return found


def _partition_key(table: Any, index: str | None) -> str:
    schema = table.schema
    for known in (*table.global_indexes, *table.indexes):
        schema = known.schema if known.name == index else schema
    return next((str(key["AttributeName"]) for key in schema if key["KeyType"] == "HASH"), "")


def _plain(value: Json) -> str:
    return str(next(iter(value.values()), ""))


def _attributes(params: Json) -> set[str]:
    """Top-level attributes that the request reads, writes or compares."""
    found = set(params.get("AttributesToGet") or ())
    for item in (params.get("Key"), params.get("Item"), *params.get("Items", ()), *params.get("Keys", ())):
        found |= set(item or ())
    found |= set((params.get("ExpressionAttributeNames") or {}).values())
    for name in EXPRESSIONS:
        words = NAME.findall(str(params.get(name) or ""))
        found |= {word for word in words if word.lower() not in WORDS | FUNCTIONS | UPDATE_FUNCTIONS}
    return found


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("GetItem", "PutItem", "UpdateItem", "DeleteItem"), on_items),
    **dict.fromkeys(("Query", "Scan"), on_table_or_index),
    **dict.fromkeys(("BatchGetItem", "BatchWriteItem"), on_several_tables),
    **dict.fromkeys(("TransactGetItems", "TransactWriteItems"), on_parts),
    **dict.fromkeys(
        (
            "CreateTable",
            "DeleteTable",
            "DescribeContinuousBackups",
            "DescribeTable",
            "DescribeTimeToLive",
            "ListTagsOfResource",
            "TagResource",
            "UntagResource",
            "UpdateTable",
            "UpdateTimeToLive",
        ),
        on_table,
    ),
    "DescribeEndpoints": anywhere,
    "DescribeLimits": anywhere,
    "DescribeStream": on_stream,
    "GetRecords": on_iterator,
    "GetShardIterator": on_stream,
    "ListStreams": on_any_stream,
    "ListTables": anywhere,
}
