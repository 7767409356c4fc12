"""When keys were last used, written in the background and seldom."""

import asyncio
import logging
import time
from collections.abc import Callable

from opencode_router.errors import RouterError
from opencode_router.identity.key_record import moment
from opencode_router.identity.key_table import KeyTable

log = logging.getLogger(__name__)

WRITE_EVERY_S = 60
MAX_KEYS = 10_000
"""Beyond this the key seen first is forgotten, and with it at most one minute of its uses."""
CLOSE_WITHIN_S = 5


class LastUse:
    """One write a minute and key at most. `now` gives seconds since the epoch."""

    def __init__(self, table: KeyTable, *, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now
        self._written_at_s: dict[str, float] = {}
        self._unwritten_at_s: dict[str, float] = {}
        self._writes: set[asyncio.Task[None]] = set()

    def note(self, key_hash: str) -> None:
        """Returns at once; never raises."""
        now_s = self._now()
        if now_s - self._written_at_s.get(key_hash, float("-inf")) < WRITE_EVERY_S:
            self._unwritten_at_s[key_hash] = now_s
            return
        if len(self._written_at_s) >= MAX_KEYS:
            oldest = next(iter(self._written_at_s))
            del self._written_at_s[oldest]
            self._unwritten_at_s.pop(oldest, None)
        self._start_write(key_hash, now_s)

    async def close(self) -> None:
        """Writes what is not written yet, for at most CLOSE_WITHIN_S."""
        for key_hash, at_s in tuple(self._unwritten_at_s.items()):
            self._start_write(key_hash, at_s)
        if self._writes:
            _, late = await asyncio.wait(self._writes, timeout=CLOSE_WITHIN_S)
            for write in late:
                write.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _start_write(self, key_hash: str, at_s: float) -> None:
        self._written_at_s.pop(key_hash, None)
        self._written_at_s[key_hash] = at_s
        self._unwritten_at_s.pop(key_hash, None)
        write = asyncio.create_task(self._write(key_hash, at_s))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    async def _write(self, key_hash: str, at_s: float) -> None:
        try:
            await self._table.mark_used(key_hash, at=moment(at_s))
        except RouterError as error:
            log.warning("a key's last use was not recorded", extra={"reason": error.message})
