"""How long things take; what a test puts its own clock into."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Of all functions of a run."""

    idle_s: float = 300.0
    """How long an instance without work is kept."""
    queue_wait_s: int = 1
    """How long a call waits for messages."""
    stream_poll_s: float = 0.25
    """Source: Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB" (read 2026-11-21): 4 times
    a second."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    sleep: Sleep = asyncio.sleep
    """Between polls, before retries, and until a schedule is due."""
