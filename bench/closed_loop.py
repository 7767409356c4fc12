"""As many requests as a few connections can carry, one after the other on each."""

import asyncio
import time
from collections.abc import Sequence

from bench.connection import Connection, connected
from bench.orders import ClosedLoop, Loop

LAST_ANSWER_S = 10.0


class Tally:
    """Counts the exchanges that end within the measured time, and keeps every connection busy until then."""

    def __init__(self, order: ClosedLoop) -> None:
        self.durations_s: list[float] = []
        self.first_bytes_s: list[float] = []
        self.failures: list[str] = []
        self.is_over = asyncio.Event()
        self.from_s = time.perf_counter() + order.warm_up_s
        self._until_s = self.from_s + order.measured_s
        self._busy = order.connections

    def ended(self, connection: Connection) -> None:
        if connection.failure is not None:
            self.failures.append(connection.failure)
        elif self.from_s <= connection.ended_s < self._until_s:
            self.durations_s.append(connection.ended_s - connection.sent_s)
            self.first_bytes_s.append(connection.first_byte_s - connection.sent_s)
        if connection.failure is None and connection.ended_s < self._until_s:
            connection.send()
            return
        self._busy -= 1
        if not self._busy:
            self.is_over.set()


async def run_closed_loop(order: ClosedLoop) -> Loop:
    tally = Tally(order)
    connections = [Connection(order.request, on_end=tally.ended) for _ in range(order.connections)]
    await asyncio.gather(*(connected(connection, order.port) for connection in connections))
    for connection in connections:
        connection.send()
    async with asyncio.timeout(order.warm_up_s + order.measured_s + LAST_ANSWER_S):
        await tally.is_over.wait()
    for connection in connections:
        connection.close()
    return Loop(
        responses_per_s=len(tally.durations_s) / order.measured_s,
        duration_p50_s=quantile(tally.durations_s, 0.50),
        duration_p99_s=quantile(tally.durations_s, 0.99),
        first_byte_p50_s=quantile(tally.first_bytes_s, 0.50),
        failures=tally.failures,
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are not above; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
