"""API keys: made, recognised, listed and revoked."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from aiohttp import web

from opencode_router.errors import NotFound, Unauthenticated
from opencode_router.identity import key_format
from opencode_router.identity.caller import Caller
from opencode_router.identity.expiring_map import ExpiringMap
from opencode_router.identity.key_allowance import KeyAllowance
from opencode_router.identity.key_record import KeyRecord, KeyStatus, moment
from opencode_router.identity.key_table import KeyTable, already_revoked
from opencode_router.identity.last_use import LastUse
from opencode_router.identity.single_flight import SingleFlight

MAX_REMEMBERED_KEYS = 10_000
KNOWN_S = 60
"""How long a key that another process has revoked may still work here."""
UNKNOWN_S = 10
"""How long an unknown key is refused without a look-up."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """The only time that the key itself is at hand."""

    text: str
    record: KeyRecord


class ApiKeys:
    """All methods raise Unavailable when DynamoDB does not answer. `now` gives seconds since the epoch."""

    def __init__(self, table: KeyTable, *, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._table = table
        self._allowance = KeyAllowance(table)
        self._last_use = LastUse(table, now=now)
        self._known: ExpiringMap[str, KeyRecord] = ExpiringMap(limit=MAX_REMEMBERED_KEYS, now=now)
        self._unknown: ExpiringMap[str, bool] = ExpiringMap(limit=MAX_REMEMBERED_KEYS, now=now)
        self._look_ups: SingleFlight[str, KeyRecord | None] = SingleFlight()

    async def caller(self, key: str) -> Caller:
        """The owner of a well-formed key.

        Raises Unauthenticated: invalid_api_key, revoked_api_key or expired_api_key.
        """
        record = await self._found(key_format.digest(key))
        if record is None:
            raise Unauthenticated("there is no such API key", code="invalid_api_key")
        status = record.status(self.now())
        if status is not KeyStatus.ACTIVE:
            raise Unauthenticated(f"the API key {record.key_prefix}... is {status}", code=f"{status}_api_key")
        self._last_use.note(record.key_hash)
        return Caller(id=record.caller_id, email=record.caller_email, key_prefix=record.key_prefix)

    async def create(self, caller: Caller, *, description: str, lifetime: timedelta) -> NewKey:
        """Raises Conflict when the caller has as many active keys as allowed."""
        text, created_at = key_format.mint(), moment(self.now())
        record = KeyRecord(
            key_hash=key_format.digest(text),
            key_prefix=key_format.prefix(text),
            caller_id=caller.id,
            caller_email=caller.email,
            description=description,
            is_revoked=False,
            created_at=created_at,
            expires_at=created_at + lifetime,
        )
        await self._allowance.add(record)
        return NewKey(text, record)

    async def of_caller(self, caller: Caller) -> list[KeyRecord]:
        """All the caller's keys, newest first."""
        return await self._table.of_caller(caller.id)

    async def revoke(self, caller: Caller, key_prefix: str) -> None:
        """Raises NotFound when the caller has no such key, Conflict when it is revoked already."""
        matches = [record for record in await self.of_caller(caller) if record.key_prefix == key_prefix]
        if not matches:
            raise NotFound(f"you have no API key {key_prefix!r}", code="api_key_not_found", param="key_prefix")
        record = min(matches, key=lambda match: match.is_revoked)
        if record.is_revoked:
            raise already_revoked(key_prefix)
        at = moment(self.now())
        await self._table.revoke(record, at=at)
        self._remember(replace(record, is_revoked=True, revoked_at=at))

    async def ready(self) -> None:
        await self._table.ready()

    async def close(self) -> None:
        """Writes the last uses that are not written yet."""
        await asyncio.gather(self._look_ups.close(), self._last_use.close())

    async def _found(self, key_hash: str) -> KeyRecord | None:
        if (record := self._known.get(key_hash)) is not None:
            return record
        if self._unknown.get(key_hash):
            return None
        return await self._look_ups.join(key_hash, lambda: self._looked_up(key_hash))

    async def _looked_up(self, key_hash: str) -> KeyRecord | None:
        asked_at_s = self.now()
        record = await self._table.find(key_hash)
        if record is None:
            self._unknown.put(key_hash, value=True, until_s=asked_at_s + UNKNOWN_S)
            return None
        revoked_meanwhile = self._known.get(key_hash)
        if revoked_meanwhile is not None:
            return revoked_meanwhile
        self._known.put(key_hash, record, until_s=asked_at_s + KNOWN_S)
        return record

    def _remember(self, record: KeyRecord) -> None:
        self._known.put(record.key_hash, record, until_s=self.now() + KNOWN_S)


API_KEYS = web.AppKey("api_keys", ApiKeys)
