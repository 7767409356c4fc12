"""A target while it is registered: how it is, and what is open with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from opencode_local.balancer.health_checks import DRAINING, HEALTHY, UNCHECKED, HealthCheck, Tally, TargetHealth
from opencode_local.balancer.idling import Idling


@dataclass(frozen=True, slots=True)
class Target:
    """What requests are sent to: an address and port, or a function, whose ARN is the id."""

    id: str
    host: str = ""
    port: int = 0


class Registration:
    """One target in one target group."""

    def __init__(self, target: Target, check: HealthCheck) -> None:
        self.target = target
        self.tally = Tally(check)
        self.is_draining = False
        self.slow_since: float | None = None
        """When its slow start began, by the target group's clock; None: it takes its full share."""
        self.changed = asyncio.Event()
        """Set, and replaced by a new one, whenever its health changes."""
        self.checking: asyncio.Task[None] | None = None
        self._open: set[Idling] = set()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @property
    def health(self) -> TargetHealth:
        if self.is_draining:
            return DRAINING
        return self.tally.health if self.tally.check.is_enabled else UNCHECKED

    @property
    def takes_requests(self) -> bool:
        return self.health in {HEALTHY, UNCHECKED}

    @property
    def open_requests(self) -> int:
        return len(self._open)

    def count(self, answer: TargetHealth) -> None:
        before = self.tally.health
        if self.tally.count(answer) is not before:
            self.announce()

    def announce(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def stop_checks(self) -> None:
        if self.checking is not None:
            self.checking.cancel()
            self.checking = None

    @asynccontextmanager
    async def opened(self, idle_timeout_s: float) -> AsyncIterator[Idling]:
        """One request. Raises TimeoutError when nothing moves for too long, or when draining cuts it."""
        idling = Idling(idle_timeout_s)
        self._open.add(idling)
        self._is_idle.clear()
        try:
            async with idling:
                yield idling
        finally:
            self._open.discard(idling)
            if not self._open:
                self._is_idle.set()

    async def drained(self, delay_s: float) -> None:
        """Returns when its open requests have ended; those left after the delay are cut."""
        try:
            async with asyncio.timeout(delay_s):
                await self._is_idle.wait()
        except TimeoutError:
            for idling in self._open:
                idling.cut()
            await self._is_idle.wait()
