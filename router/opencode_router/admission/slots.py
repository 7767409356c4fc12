"""A bounded number of upstream calls at once."""

from opencode_router.errors import AtCapacity

RETRY_AFTER_S = 1
"""A slot is free again as soon as any stream ends; clients add their own back-off."""


class Slots:
    """Counts open calls; more than `limit` are refused, never queued. `with slots:` holds one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    def __enter__(self) -> None:
        """Takes a slot. Raises AtCapacity when none is free."""
        if self.taken >= self.limit:
            raise AtCapacity(limit=self.limit, retry_after_s=RETRY_AFTER_S)
        self.taken += 1

    def __exit__(self, *raised: object) -> None:
        self.taken -= 1
