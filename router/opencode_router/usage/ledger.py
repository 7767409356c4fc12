"""Writes usage records to DynamoDB, off the request path."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Raw

from opencode_router.logs import write_line
from opencode_router.usage.record import UsageRecord, item_of
from opencode_router.usage.usage_table import MAX_BATCH, Entry, UsageTable

log = logging.getLogger(__name__)

MAX_WAITING = 100_000
"""More than a minute of records at any rate one process reaches; about 100 MB."""
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0
GATHER_S = 0.05
"""Between writes, so that a busy process fills its batches; the first record after a silence does not wait."""
REASON_CHARACTERS = 300


class Ledger:
    """Keeps records until the table has them.

    A record that cannot be kept is still a log line with the same facts.
    """

    def __init__(
        self, table: UsageTable, *, retention_days: int, on_failure: Callable[[], None] = lambda: None
    ) -> None:
        self._table = table
        self._retention_days = retention_days
        self._on_failure = on_failure
        self._waiting: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer = asyncio.create_task(self._write_for_ever())

    @property
    def backlog(self) -> int:
        return len(self._waiting)

    def record(self, record: UsageRecord) -> None:
        """Takes a record; never waits, never raises."""
        facts = record.facts()
        write_line(log, "usage", facts)
        if len(self._waiting) >= MAX_WAITING:
            log.error("usage record not kept for the table", extra={"request_id": record.request_id})
            self._on_failure()
            return
        item = msgspec.json.encode(item_of(facts, retention_days=self._retention_days))
        self._waiting.append(Entry(record.request_id, Raw(item)))
        self._idle.clear()
        self._wake.set()

    async def flush(self) -> None:
        """Returns once the table has every record taken so far."""
        await self._idle.wait()

    async def close(self, *, within_s: float) -> None:
        """Writes what is left, for at most `within_s` seconds."""
        try:
            async with asyncio.timeout(within_s):
                await self.flush()
        except TimeoutError:
            for entry in self._waiting:
                log.error("usage record not in the table", extra={"request_id": entry.request_id})
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)

    async def _write_for_ever(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            await self._wake.wait()
            batch = [self._waiting[place] for place in range(min(MAX_BATCH, len(self._waiting)))]
            unwritten = await self._write(batch)
            for _ in batch:
                self._waiting.popleft()
            self._waiting.extend(unwritten)
            if not self._waiting:
                self._wake.clear()
                self._idle.set()
            if unwritten:
                self._on_failure()
                await asyncio.sleep(retry_s)
            elif len(self._waiting) < MAX_BATCH:
                await asyncio.sleep(GATHER_S)
            retry_s = min(retry_s * 2, LAST_RETRY_S) if unwritten else FIRST_RETRY_S

    async def _write(self, batch: Sequence[Entry]) -> Sequence[Entry]:
        """Those of `batch` that the table does not have yet."""
        reason = "the table had no capacity for them"
        try:
            unwritten = await self._table.put(batch)
        except Exception as error:  # whatever it was, the records are kept and tried again
            unwritten, reason = batch, f"{type(error).__name__}: {error}"[:REASON_CHARACTERS]
        if unwritten:
            log.warning("usage records not written", extra={"reason": reason, "count": len(unwritten)})
        return unwritten
