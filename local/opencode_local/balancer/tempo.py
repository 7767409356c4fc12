"""What time and chance are to a load balancer: those of the world in a run, those of their own in tests."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol


class Pulse(Protocol):
    """What health checks wait for between two of them."""

    async def wait(self, seconds: float) -> None: ...


class Clockwork:
    """The pulse of a run: time itself."""

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True)
class Tempo:
    """Shared by the load balancers and target groups of a run."""

    second_s: float = 1.0
    """How long a declared second of a connection's timeouts and of the deregistration delay lasts."""
    check_second_s: float = 1.0
    """The same of a health check's timeout."""
    pulse: Pulse = field(default_factory=Clockwork)
    clock: Callable[[], float] = time.monotonic
    """Seconds, for slow starts and the age of connections."""
    epoch: Callable[[], float] = time.time
    """Seconds since the epoch, for cookies and trace ids."""
    random: Random = field(default_factory=Random)


REAL_TIME = Tempo()
