"""At most ten keys per caller, however many are asked for at once.

Beside the keys, the table holds one item per caller, under a `key_hash` that no key can have and outside the index:
`held` (string set), the hashes of all the caller's active, unexpired keys and perhaps of some that are so no more,
and `version` (number), which every new key raises. A new key and the raised version are written in one transaction,
on condition that the version is still the one that was read; who loses that race reads again.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from opencode_router.errors import Conflict, Unavailable
from opencode_router.identity.key_record import KEPT_AFTER_EXPIRY, KeyRecord, KeyStatus, item_of
from opencode_router.identity.key_table import KeyTable, answering, code_of

MAX_KEYS_PER_CALLER = 10
MAX_LIFETIME = timedelta(days=365)

ATTEMPTS = 25
"""Each lost race means that another key was made, and after ten the answer is known; the rest is for DynamoDB's own
transaction conflicts."""
MAX_PAUSE_S = 0.05
LOST_RACES = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
"""Reasons of a cancelled transaction that reading again can cure.
Source: DynamoDB API reference, TransactionCanceledException (read 2026-11-21)."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller holds, as of a version."""

    held: frozenset[str]
    version: int


class KeyAllowance:
    """Adds keys to the table within the limit."""

    def __init__(self, table: KeyTable) -> None:
        self._table = table
        self._adding = asyncio.Lock()

    async def add(self, record: KeyRecord) -> None:
        """Raises Conflict at the limit, Unavailable when DynamoDB does not answer."""
        async with self._adding:  # requests of one process queue here instead of racing each other in the table
            for _ in range(ATTEMPTS):
                allowance = await self._read(record)
                if len(allowance.held) >= MAX_KEYS_PER_CALLER:
                    raise at_the_limit()
                if await self._written(record, allowance):
                    return
                await asyncio.sleep(secrets.SystemRandom().uniform(0, MAX_PAUSE_S))
        raise Unavailable("too many keys are being created at once; retry", retry_after_s=1)

    async def _read(self, record: KeyRecord) -> Allowance:
        """A caller's first time counts the keys in the index, so that a table with older keys can be adopted."""
        now_s = record.created_at.timestamp()
        item = await self._table.item(allowance_hash(record.caller_id))
        if item is None:
            known = await self._table.of_caller(record.caller_id)
            return Allowance(hashes_of_active(known, now_s), 0)
        held = frozenset(item["held"]["SS"])
        if len(held) >= MAX_KEYS_PER_CALLER:
            found = await asyncio.gather(*(self._table.find(key_hash) for key_hash in sorted(held)))
            held = hashes_of_active([key for key in found if key is not None], now_s)
        return Allowance(held, int(item["version"]["N"]))

    async def _written(self, record: KeyRecord, allowance: Allowance) -> bool:
        """False when another key was made since the allowance was read."""
        puts = [new_key(record), new_allowance(record, allowance)]
        with answering():
            try:
                await self._table.dynamodb.transact_write_items(
                    TransactItems=[{"Put": {"TableName": self._table.name, **put}} for put in puts]
                )
            except ClientError as error:
                if is_lost_race(error):
                    return False
                raise
        return True


def allowance_hash(caller_id: str) -> str:
    return f"allowance#{caller_id}"


def hashes_of_active(keys: list[KeyRecord], now_s: float) -> frozenset[str]:
    return frozenset(key.key_hash for key in keys if key.status(now_s) is KeyStatus.ACTIVE)


def new_key(record: KeyRecord) -> Mapping[str, Any]:
    return {"Item": item_of(record), "ConditionExpression": "attribute_not_exists(key_hash)"}


def new_allowance(record: KeyRecord, seen: Allowance) -> Mapping[str, Any]:
    """It is kept for as long as any key it counts can live."""
    kept_until = record.created_at + MAX_LIFETIME + KEPT_AFTER_EXPIRY
    return {
        "Item": {
            "key_hash": {"S": allowance_hash(record.caller_id)},
            "held": {"SS": sorted(seen.held | {record.key_hash})},
            "version": {"N": str(seen.version + 1)},
            "ttl": {"N": str(int(kept_until.timestamp()))},
        },
        "ConditionExpression": "attribute_not_exists(key_hash) OR #version = :seen",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":seen": {"N": str(seen.version)}},
    }


def is_lost_race(error: ClientError) -> bool:
    reasons = error.response.get("CancellationReasons", [])
    return code_of(error) == "TransactionCanceledException" and any(
        reason.get("Code") in LOST_RACES for reason in reasons
    )


def at_the_limit() -> Conflict:
    return Conflict(
        f"you have {MAX_KEYS_PER_CALLER} active API keys, which is the most allowed; revoke one first",
        code="too_many_api_keys",
    )
