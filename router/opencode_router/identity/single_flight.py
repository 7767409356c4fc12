"""Many who want the same answer at the same time share one question."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """One task per key at a time; it goes on when those who wait for it have left."""

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[V]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._flights

    def start(self, key: K, ask: Callable[[], Coroutine[object, object, V]]) -> asyncio.Task[V]:
        """The task under way for the key, or a new one. A failure that nobody waits for is dropped."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(ask())
            self._flights[key] = flight
            flight.add_done_callback(partial(self._land, key))
        return flight

    async def join(self, key: K, ask: Callable[[], Coroutine[object, object, V]]) -> V:
        """Raises what `ask` raises, for all who wait."""
        return await asyncio.shield(self.start(key, ask))

    async def close(self) -> None:
        flights = tuple(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _land(self, key: K, flight: asyncio.Task[V]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # marks it as seen
