"""A bounded memory whose entries end by themselves."""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ExpiringMap(Generic[K, V]):
    """At most `limit` entries; when full, the oldest makes room.

    `now` gives seconds since the epoch.
    """

    def __init__(self, *, limit: int, now: Callable[[], float]) -> None:
        self._limit = limit
        self._now = now
        self._entries: dict[K, tuple[V, float]] = {}

    def get(self, key: K) -> V | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        value, until_s = entry
        if self._now() >= until_s:
            del self._entries[key]
            return None
        return value

    def put(self, key: K, value: V, *, until_s: float) -> None:
        """`until_s` is a moment in seconds since the epoch."""
        self._entries.pop(key, None)
        if len(self._entries) >= self._limit:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (value, until_s)
