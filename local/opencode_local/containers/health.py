"""Whether a container is well, by its declared health check command.

Source: Amazon ECS API reference, "HealthCheck"; ECS developer guide, "Determine Amazon ECS task health using container
health checks" (read 2026-11-21). One difference: until a container has first passed, it is asked twice a second and not
once in an interval, so that a start does not wait; failures count from the end of the start period, or of the first
interval where none is declared.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from opencode_local.containers.definition import HealthCheck

HealthStatus = Literal["UNKNOWN", "HEALTHY", "UNHEALTHY"]
Ask = Callable[[Sequence[str], float], Awaitable[int]]
"""Runs a command for at most some seconds; gives its exit code."""


class Health:
    """Of one container."""

    def __init__(self, check: HealthCheck | None, *, early_s: float, on_change: Callable[[], None]) -> None:
        self.status: HealthStatus = "UNKNOWN"
        self.check = check
        self._early_s = early_s
        self._on_change = on_change
        self._failures = 0

    async def follow(self, ask: Ask) -> None:
        """Until it is cancelled; returns at once when no check is declared."""
        if self.check is None:
            return
        clock = asyncio.get_running_loop().time
        counted_from = clock() + max(self.check.start_period_s, self.check.interval_s)
        while True:
            code = await ask(self.check.command, self.check.timeout_s)
            self._note(is_well=code == 0, is_counted=self.status != "UNKNOWN" or clock() >= counted_from)
            await asyncio.sleep(self.check.interval_s if self.status != "UNKNOWN" else self._early(self.check))

    def _early(self, check: HealthCheck) -> float:
        return min(self._early_s, check.interval_s)

    def _note(self, *, is_well: bool, is_counted: bool) -> None:
        retries = self.check.retries if self.check else 0
        self._failures = 0 if is_well else self._failures + is_counted
        if is_well:
            self._become("HEALTHY")
        elif self._failures >= retries:
            self._become("UNHEALTHY")

    def _become(self, status: HealthStatus) -> None:
        if status != self.status:
            self.status = status
            self._on_change()
