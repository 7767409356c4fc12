"""The table of API keys in DynamoDB.

Needs `dynamodb:GetItem`, `PutItem` and `UpdateItem` on the table and `Query` on its index.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from aiobotocore.client import AioBaseClient
from botocore.exceptions import BotoCoreError, ClientError

from opencode_router.errors import Conflict, Unavailable
from opencode_router.identity.key_record import Item, KeyRecord, KeyStatus, iso, record_of

log = logging.getLogger(__name__)

INDEX = "user-sub-index"
RETRY_AFTER_S = 1
PROBE_HASH = "readiness-probe"
"""No key's hash: nothing is ever stored under it."""


@contextmanager
def answering() -> Iterator[None]:
    """Raises Unavailable for whatever keeps DynamoDB from answering."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        reason = code_of(error) if isinstance(error, ClientError) else type(error).__name__
        log.warning("the table of API keys did not answer", extra={"reason": reason})
        raise Unavailable("API keys cannot be looked up just now; retry", retry_after_s=RETRY_AFTER_S) from error


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


class KeyTable:
    """Reads and changes keys. All methods raise Unavailable when DynamoDB does not answer."""

    def __init__(self, dynamodb: AioBaseClient, name: str) -> None:
        self.dynamodb = dynamodb
        self.name = name

    async def find(self, key_hash: str) -> KeyRecord | None:
        item = await self.item(key_hash)
        return readable(item) if item else None

    async def item(self, key_hash: str) -> Item | None:
        """Strongly consistent, so that a key works as soon as it is made."""
        with answering():
            answer = await self.dynamodb.get_item(
                TableName=self.name, Key={"key_hash": {"S": key_hash}}, ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return item

    async def of_caller(self, caller_id: str) -> list[KeyRecord]:
        """All keys that were ever the caller's and are still in the table, newest first."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=INDEX,
            KeyConditionExpression="user_sub = :caller",
            ExpressionAttributeValues={":caller": {"S": caller_id}},
            ScanIndexForward=False,
        )
        with answering():
            items = [item async for page in pages for item in page["Items"]]
        return [record for item in items if (record := readable(item)) is not None]

    async def revoke(self, record: KeyRecord, *, at: datetime) -> None:
        """Raises Conflict when someone was faster."""
        is_done = await self._changed(
            record.key_hash,
            UpdateExpression="SET #status = :revoked, revoked_at = :at",
            ConditionExpression="user_sub = :caller AND #status = :active",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={
                ":revoked": {"S": KeyStatus.REVOKED.value},
                ":active": {"S": KeyStatus.ACTIVE.value},
                ":caller": {"S": record.caller_id},
                ":at": {"S": iso(at)},
            },
        )
        if not is_done:
            raise already_revoked(record.key_prefix)

    async def mark_used(self, key_hash: str, *, at: datetime) -> None:
        """The condition keeps a key that has left the table from coming back as a torso."""
        await self._changed(
            key_hash,
            UpdateExpression="SET last_used_at = :at",
            ConditionExpression="attribute_exists(key_hash)",
            ExpressionAttributeValues={":at": {"S": iso(at)}},
        )

    async def ready(self) -> None:
        await self.item(PROBE_HASH)

    async def _changed(self, key_hash: str, **update: object) -> bool:
        """False when the condition does not hold."""
        with answering():
            try:
                await self.dynamodb.update_item(TableName=self.name, Key={"key_hash": {"S": key_hash}}, **update)
            except ClientError as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True


def readable(item: Item) -> KeyRecord | None:
    """None for an item that is no key: it must not stop the others from being listed, or let anyone in."""
    try:
        return record_of(item)
    except ValueError as error:
        log.error("an item in the table of API keys is malformed", extra={"reason": str(error)})
        return None


def already_revoked(key_prefix: str) -> Conflict:
    return Conflict(f"the API key {key_prefix!r} is already revoked", code="already_revoked", param="key_prefix")
