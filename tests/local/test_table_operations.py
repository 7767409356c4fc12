"""What concurrent writers and failed transactions leave behind at the embedded DynamoDB."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from opencode_local.aws import EmbeddedAws

NUMBERS = count()
WRITES = 150
UNMET = {"ConditionExpression": "attribute_exists(#id)", "ExpressionAttributeNames": {"#id": "id"}}
Keyed = dict[str, dict[str, str]]


class Items:
    """A table of its own, with a sort key or without."""

    def __init__(self, aws: EmbeddedAws, *, is_sorted: bool) -> None:
        self.client, self.name, self._is_sorted = aws.dynamodb(), f"table-operations-{next(NUMBERS)}", is_sorted
        schema = {"id": "HASH", "entry": "RANGE"} if is_sorted else {"id": "HASH"}
        self.client.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in schema.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in schema],
            BillingMode="PAY_PER_REQUEST",
        )

    def key(self, id_: str) -> Keyed:
        return {"id": {"S": id_}, **({"entry": {"S": "one"}} if self._is_sorted else {})}

    def put(self, id_: str, text: str) -> None:
        self.client.put_item(TableName=self.name, Item={**self.key(id_), "text": {"S": text}})

    def transact(self, *parts: Any) -> None:
        named = [{verb: {"TableName": self.name, **asked} for verb, asked in part.items()} for part in parts]
        self.client.transact_write_items(TransactItems=named)

    def refused_transaction(self) -> None:
        """Would add, change and delete; the last part's condition is not met."""
        changed = {"UpdateExpression": "SET #text = :text", "ExpressionAttributeNames": {"#text": "text"}}
        with pytest.raises(self.client.exceptions.TransactionCanceledException):
            self.transact(
                {"Put": {"Item": {**self.key("added"), "text": {"S": "new"}}}},
                {
                    "Update": {
                        "Key": self.key("changed"),
                        **changed,
                        "ExpressionAttributeValues": {":text": {"S": "new"}},
                    }
                },
                {"Delete": {"Key": self.key("deleted")}},
                {"ConditionCheck": {"Key": self.key("missing"), **UNMET}},
            )

    def texts(self) -> dict[str, str]:
        pages = self.client.get_paginator("scan").paginate(TableName=self.name)
        return {item["id"]["S"]: item["text"]["S"] for page in pages for item in page["Items"]}


@pytest.mark.parametrize("is_sorted", [True, False], ids=["with a sort key", "without"])
def test_a_transaction_that_is_refused_leaves_everything_as_it_was(aws: EmbeddedAws, *, is_sorted: bool) -> None:
    items = Items(aws, is_sorted=is_sorted)
    items.put("changed", "old")
    items.put("deleted", "old")

    items.refused_transaction()

    assert items.texts() == {"changed": "old", "deleted": "old"}


def test_no_write_is_lost_beside_transactions_that_are_refused(aws: EmbeddedAws) -> None:
    items = Items(aws, is_sorted=True)
    with ThreadPoolExecutor(4) as threads:
        refused = [threads.submit(items.refused_transaction) for _ in range(WRITES)]
        written = [threads.submit(items.put, f"written-{number}", "kept") for number in range(WRITES)]
        for each in [*refused, *written]:
            each.result()

    assert len(items.texts()) == WRITES
