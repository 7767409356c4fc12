"""Many streams at once, and how late their events come."""

import asyncio
import time
from array import array
from contextlib import suppress

from bench.closed_loop import quantile
from bench.connection import Connection, connected
from bench.orders import Delays, OpenStreams
from bench.pacing import STAMP, STAMP_MARK

LAST_EVENT_S = 5.0
"""How long after their time streams may still end."""
NANOSECONDS = 1e9


class Arrivals:
    """Delays of the events that arrive within the measured time, over all streams."""

    def __init__(self, order: OpenStreams) -> None:
        self.delays_s = array("d")
        self.failures: list[str] = []
        self.is_over = asyncio.Event()
        self._open = order.streams
        start_ns = time.monotonic_ns() + int(order.ramp_s * NANOSECONDS)
        self._window_ns = range(start_ns, start_ns + int(order.measured_s * NANOSECONDS))

    def note(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        for stamp in STAMP.findall(data):
            if (written_ns := int(stamp)) in self._window_ns:
                self.delays_s.append((now_ns - written_ns) / NANOSECONDS)

    def ended(self, connection: Connection) -> None:
        if connection.failure is not None:
            self.failures.append(connection.failure)
        self._open -= 1
        if not self._open:
            self.is_over.set()


class ListeningConnection(Connection):
    """Reads the stamps as they pass."""

    def __init__(self, request: bytes, arrivals: Arrivals) -> None:
        super().__init__(request, on_end=arrivals.ended)
        self._arrivals = arrivals
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        text = self._tail + data
        self._arrivals.note(text)
        self._tail = unfinished_stamp(text)
        super().data_received(data)


def unfinished_stamp(text: bytes) -> bytes:
    """A stamp that the next read completes; whole ones have two marks."""
    return text[text.rfind(STAMP_MARK) :] if text.count(STAMP_MARK) % 2 else b""


async def run_open_streams(order: OpenStreams) -> Delays:
    arrivals = Arrivals(order)
    connections = [ListeningConnection(order.request, arrivals) for _ in range(order.streams)]
    start_s, pause_s = time.perf_counter(), order.ramp_s / order.streams
    for place, connection in enumerate(connections):
        await asyncio.sleep(start_s + place * pause_s - time.perf_counter())
        await connected(connection, order.port)
        connection.send()
    with suppress(TimeoutError):
        async with asyncio.timeout(order.ramp_s + order.measured_s + LAST_EVENT_S):
            await arrivals.is_over.wait()
    for connection in connections:
        connection.close()
    return Delays(
        p50_s=quantile(arrivals.delays_s, 0.50),
        p99_s=quantile(arrivals.delays_s, 0.99),
        arrived=len(arrivals.delays_s) / (order.streams * order.events_per_s * order.measured_s),
        failures=arrivals.failures,
    )
