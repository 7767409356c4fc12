"""The table of shares. Whatever DynamoDB refuses or does not answer is StorageUnavailable."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from served_site.aws_clients import storage_errors
from served_site.problems import StorageUnavailable
from share_sessions.records import ENTRY, Attributes, attributes, event_name, share_key
from share_sessions.updates import Update

OWNER_INDEX = "owner-index"
BATCH_DELETES = 25
"""Source: Amazon DynamoDB API reference, BatchWriteItem (read 2026-11-21)."""
TRIES = 5
CONFLICT = "TransactionConflictException"
"""Another writer's transaction is about the same entry at this moment; botocore does not ask again by itself.

Source: Amazon DynamoDB API reference, UpdateItem, "Errors" (read 2026-11-21).
"""
CONFLICT_PAUSES_S = (0.02, 0.04, 0.08, 0.16)
PAGE = 50
"""Shares in a list's answer."""
LOST_RACES = frozenset({"ConditionalCheckFailed", "TransactionConflict", "None"})
"""Why a transaction was cancelled, by its parts; `None` is of those that were not to blame.

Source: Amazon DynamoDB API reference, TransactWriteItems (read 2026-11-21).
"""
LAST = "$"
"""Sorts behind the `#` of an event's parts."""


class LostRace(Exception):
    """Somebody else was first: what was read is no longer so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    found: Sequence[Attributes]
    last: Attributes | None
    """From which to continue."""


class Table:
    def __init__(self, client: Any, name: str) -> None:
        """`client` is boto3's of DynamoDB."""
        self._client, self._name = client, name

    def share(self, id_: str) -> Attributes | None:
        with storage_errors():
            found = self._client.get_item(TableName=self._name, Key=share_key(id_), ConsistentRead=True)
        item: Attributes | None = found.get("Item")
        return item

    def add(self, share: Attributes) -> None:
        with storage_errors():
            self._client.put_item(
                TableName=self._name,
                Item=share,
                ConditionExpression="attribute_not_exists(#entry)",
                ExpressionAttributeNames={"#entry": "entry"},
            )

    def update(self, id_: str, change: Update) -> None:
        """Raises LostRace unless the share is as the change expects it."""
        for pause_s in CONFLICT_PAUSES_S:
            try:
                return self._update(id_, change)
            except StorageUnavailable as error:
                if str(error) != CONFLICT:
                    raise
            time.sleep(random.uniform(0, pause_s))  # noqa: S311  only so that writers do not meet again
        return self._update(id_, change)

    def _update(self, id_: str, change: Update) -> None:
        try:
            with storage_errors():
                self._client.update_item(TableName=self._name, **change.parameters(id_))
        except StorageUnavailable as error:
            if str(error) == "ConditionalCheckFailedException":
                raise LostRace from error
            raise

    def commit(self, id_: str, change: Update, entries: Sequence[Attributes]) -> None:
        """The change and the entries, or neither. Raises LostRace."""
        puts = [{"Put": {"TableName": self._name, "Item": entry}} for entry in entries]
        update = {"Update": {"TableName": self._name, **change.parameters(id_)}}
        try:
            with storage_errors():
                self._client.transact_write_items(TransactItems=[update, *puts])
        except StorageUnavailable as error:
            if is_lost_race(error.__cause__):
                raise LostRace from error
            raise

    def events(self, id_: str, *, after: int, through: int) -> Iterator[Attributes]:
        """In order, the parts of one event one after another."""
        yield from self._entries(id_, event_name(after + 1), event_name(through) + LAST)

    def forget_events(self, id_: str, *, through: int) -> None:
        self._forget(self._entries(id_, event_name(0), event_name(through) + LAST, "#share, #entry"))

    def forget_all(self, id_: str) -> None:
        """But what says that the share was deleted."""
        entries = self._entries(id_, "!", "~", "#share, #entry")
        self._forget(entry for entry in entries if entry["entry"]["S"] != ENTRY)

    def owned(self, owner: str, now: str, start: Attributes | None = None) -> Page:
        """Shares that end after `now`, newest first."""
        return self._page(
            self._client.query,
            start,
            KeyConditionExpression="#owner = :owner",
            ScanIndexForward=False,
            values={":owner": owner, ":now": now},
            names={"#owner": "owner"},
        )

    def every(self, now: str, start: Attributes | None = None) -> Page:
        """Of all owners, in no order."""
        return self._page(self._client.scan, start, values={":now": now}, names={})

    def _page(
        self, ask: Any, start: Attributes | None, *, values: dict[str, str], names: dict[str, str], **more: Any
    ) -> Page:
        with storage_errors():
            found = ask(
                TableName=self._name,
                IndexName=OWNER_INDEX,
                Limit=PAGE,
                FilterExpression="#expires_at > :now",
                ExpressionAttributeNames={"#expires_at": "expires_at", **names},
                ExpressionAttributeValues=attributes(values),
                **({"ExclusiveStartKey": start} if start else {}),
                **more,
            )
        return Page(found=found["Items"], last=found.get("LastEvaluatedKey"))

    def _entries(self, id_: str, first: str, last: str, fields: str = "") -> Iterator[Attributes]:
        """All from one name to another; of `fields`, where not of all."""
        names = {"#share": "share", "#entry": "entry"}
        with storage_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._name,
                ConsistentRead=True,
                KeyConditionExpression="#share = :share AND #entry BETWEEN :first AND :last",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=attributes({":share": id_, ":first": first, ":last": last}),
                **({"ProjectionExpression": fields} if fields else {}),
            )
            for page in pages:
                yield from page["Items"]

    def _forget(self, keys: Iterator[Attributes]) -> None:
        waiting = [{"DeleteRequest": {"Key": key}} for key in keys]
        for start in range(0, len(waiting), BATCH_DELETES):
            self._forget_batch(waiting[start : start + BATCH_DELETES])

    def _forget_batch(self, requests: Sequence[Any]) -> None:
        left = {self._name: requests}
        for _ in range(TRIES):
            with storage_errors():
                left = self._client.batch_write_item(RequestItems=left).get("UnprocessedItems") or {}
            if not left:
                return
        raise StorageUnavailable("entries are left")


def is_lost_race(error: BaseException | None) -> bool:
    if not isinstance(error, ClientError) or error.response["Error"]["Code"] != "TransactionCanceledException":
        return False
    return {reason["Code"] for reason in error.response.get("CancellationReasons", ())} <= LOST_RACES
