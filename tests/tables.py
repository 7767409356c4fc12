"""The router's tables for tests that run it without the program: made as the component declares them."""

from collections.abc import Mapping
from typing import Any

from opencode_components import Records, RecordsArgs
from opencode_components.testing import deploy

TABLE = "aws:dynamodb/table:Table"
KEYS_TABLE, USAGE_TABLE = "gateway-keys", "gateway-usage"


def create_tables(dynamodb: Any) -> None:
    graph = deploy(lambda: Records("gateway", RecordsArgs(deletion_protection=False)))
    for table in graph.all(TABLE):
        dynamodb.create_table(TableName=table.name, **request_for(table.inputs))


def request_for(declared: Mapping[str, Any]) -> dict[str, Any]:
    """What CreateTable is asked for by the inputs of a table, but for the name."""
    attributes = [{"AttributeName": one["name"], "AttributeType": one["type"]} for one in declared["attributes"]]
    keys = {
        "BillingMode": declared["billingMode"],
        "AttributeDefinitions": attributes,
        "KeySchema": key_schema(declared["hashKey"], declared.get("rangeKey")),
    }
    indexes = [index(one) for one in declared.get("globalSecondaryIndexes", [])]
    return {**keys, "GlobalSecondaryIndexes": indexes} if indexes else keys


def index(declared: Mapping[str, Any]) -> dict[str, Any]:
    names = [key["attributeName"] for key in declared["keySchemas"]]
    projection = {"ProjectionType": declared["projectionType"]}
    return {"IndexName": declared["name"], "KeySchema": key_schema(*names), "Projection": projection}


def key_schema(hash_key: str, range_key: str | None = None) -> list[dict[str, str]]:
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return [*keys, {"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else keys
