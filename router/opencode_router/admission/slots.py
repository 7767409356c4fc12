"""A bounded number of upstream calls at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from opencode_router.errors import AtCapacity

RETRY_AFTER_S = 1
"""A slot is free again as soon as any stream ends; clients add their own back-off."""


class Slots:
    """Counts open calls; more than `limit` are refused, never queued."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Holds a slot. Raises AtCapacity when none is free."""
        if self.taken >= self.limit:
            raise AtCapacity(limit=self.limit, retry_after_s=RETRY_AFTER_S)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
