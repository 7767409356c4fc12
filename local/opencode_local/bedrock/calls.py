"""What callers have asked, and how each exchange ended."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opencode_local.bedrock.prompt import Json

PATIENCE_S = 2.0
KEPT_CALLS = 2000
"""Older ones are forgotten, or a long run would fill the memory with bodies."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One request."""

    surface: str
    """One of `faults.Surface`."""
    service: str
    """`bedrock` or `bedrock-mantle`: whose API the request came to."""
    path: str
    model_id: str
    headers: Mapping[str, str]
    body: Json
    is_streaming: bool
    status: int | None = None
    """Of the response, once it has ended."""
    was_cut: bool = False
    """The caller closed the connection before the answer was complete."""
    is_finished: bool = False


@dataclass(slots=True)
class CallLog:
    """The latest calls, newest last, and who waits for them to change."""

    calls: list[Call] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, call: Call) -> None:
        self.calls.append(call)
        del self.calls[:-KEPT_CALLS]
        self._changed.set()

    def finish(self, call: Call) -> None:
        call.is_finished = True
        self._changed.set()

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        """Returns once `holds()`. Raises TimeoutError after `timeout_s` seconds."""
        async with asyncio.timeout(timeout_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()
