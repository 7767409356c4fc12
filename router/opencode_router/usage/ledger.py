"""Writes usage records to DynamoDB, off the request path."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from opencode_router.usage.record import UsageRecord

log = logging.getLogger(__name__)

BATCH = 25
"""DynamoDB's limit for BatchWriteItem."""
MAX_WAITING = 100_000
"""More than a minute of records at any rate one process reaches; about 100 MB."""
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0


class Ledger:
    """Keeps records until the table has them.

    A record that cannot be kept is still a log line with the same facts. Writing one twice changes nothing: its key
    is the request id.
    """

    def __init__(
        self, *, client: Any, table: str, retention_days: int, on_failure: Callable[[], None] = lambda: None
    ) -> None:
        self._client = client
        self._table = table
        self._retention_days = retention_days
        self._on_failure = on_failure
        self._waiting: deque[UsageRecord] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer = asyncio.create_task(self._write_for_ever())

    @property
    def backlog(self) -> int:
        return len(self._waiting)

    def record(self, record: UsageRecord) -> None:
        """Takes a record; never waits, never raises."""
        log.info("usage", extra=record.facts())
        if len(self._waiting) >= MAX_WAITING:
            log.error("usage record not kept for the table", extra={"request_id": record.request_id})
            self._on_failure()
            return
        self._waiting.append(record)
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
            for record in self._waiting:
                log.error("usage record not in the table", extra={"request_id": record.request_id})
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)

    async def _write_for_ever(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            await self._wake.wait()
            batch = [self._waiting[place] for place in range(min(BATCH, len(self._waiting)))]
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
            retry_s = min(retry_s * 2, LAST_RETRY_S) if unwritten else FIRST_RETRY_S

    async def _write(self, batch: Sequence[UsageRecord]) -> Sequence[UsageRecord]:
        """Those of `batch` that the table does not have yet."""
        puts = [{"PutRequest": {"Item": record.item(retention_days=self._retention_days)}} for record in batch]
        try:
            reply = await self._client.batch_write_item(RequestItems={self._table: puts})
        except Exception as error:  # whatever it was, the records are kept and tried again
            log.warning("usage records not written", extra={"reason": type(error).__name__, "count": len(batch)})
            return batch
        refused = reply.get("UnprocessedItems", {}).get(self._table, ())
        keys = {put["PutRequest"]["Item"]["request_id"]["S"] for put in refused}
        return [record for record in batch if record.request_id in keys]
