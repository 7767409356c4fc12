"""A bounded number of upstream calls at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from opencode_router.errors import AtCapacity
from opencode_router.relay.passage import Passage

RETRY_AFTER_S = 1
"""A slot is free again as soon as any stream ends; clients add their own back-off."""


class Slots:
    """Every open answer holds one; more than `limit` are refused, never queued."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.holders: set[Passage] = set()
        self._last_freed = asyncio.Event()

    @property
    def taken(self) -> int:
        return len(self.holders)

    @contextmanager
    def held_by(self, passage: Passage) -> Iterator[None]:
        """Raises AtCapacity when no slot is free."""
        if self.taken >= self.limit:
            raise AtCapacity(limit=self.limit, retry_after_s=RETRY_AFTER_S)
        self.holders.add(passage)
        try:
            yield
        finally:
            self.holders.discard(passage)
            if not self.holders:
                self._last_freed.set()

    async def all_free(self, *, within_s: float) -> bool:
        """Waits until no answer is open; False when that takes longer."""
        self._last_freed.clear()
        if not self.holders:
            return True
        try:
            async with asyncio.timeout(within_s):
                await self._last_freed.wait()
        except TimeoutError:
            return False
        return True
