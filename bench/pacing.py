"""Streams that speak at a steady rate; every event says when it left."""

import asyncio
import re
import time
from dataclasses import dataclass

from bench.answers import SSE, chat_event
from bench.http1 import END_OF_CHUNKS, chunk, chunked_head

DIGITS = 19
STAMP_MARK = b"@"
SLOT = "@" * (DIGITS + 2)
STAMP = re.compile(rb"@(\d{19})@")
ORDER = re.compile(rb'"user"\s*:\s*"paced ([\d.]+) (\d+)"')
"""A Chat body's `user` asks for a pace: events per second, and how many."""
BEFORE, AFTER = chunk(chat_event({"content": SLOT})).split(SLOT.encode())
LAST = chunk(chat_event({}, "stop") + b"data: [DONE]\n\n") + END_OF_CHUNKS
HEAD = chunked_head(SSE)


def paced_user(*, events_per_s: float, events: int) -> str:
    """The `user` of a request for a paced stream."""
    return f"paced {events_per_s:g} {events}"


def stamped_event() -> bytes:
    """One event that carries this moment of the machine's monotonic clock, in nanoseconds."""
    return b"%b@%019d@%b" % (BEFORE, time.monotonic_ns(), AFTER)


@dataclass(slots=True, kw_only=True)
class PacedStream:
    """Writes one event per period to `transport`, and the end of the response after the last."""

    transport: asyncio.Transport
    period_s: float
    events_left: int
    due_s: float = 0.0
    timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self.transport.write(HEAD)
        self.due_s = asyncio.get_running_loop().time()
        self.speak()

    def speak(self) -> None:
        if not self.events_left:
            self.transport.write(LAST)
            return
        self.transport.write(stamped_event())
        self.events_left -= 1
        self.due_s += self.period_s
        self.timer = asyncio.get_running_loop().call_at(self.due_s, self.speak)

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


def paced_stream(body: bytes, transport: asyncio.Transport) -> PacedStream | None:
    """The stream that a request's body asks for, if it asks for a paced one."""
    found = ORDER.search(body)
    if found is None:
        return None
    events_per_s, events = float(found[1]), int(found[2])
    return PacedStream(transport=transport, period_s=1 / events_per_s, events_left=events)
