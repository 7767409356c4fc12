"""Many streams at the pace of real models: how late events come, and what open streams cost."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bench.exchanges import paced_chat
from bench.figures import Bar, Figure, count, held_against, megabytes, milliseconds, share_of_core
from bench.orders import Delays, OpenStreams
from bench.stage import Stage
from bench.subject import Subject
from bench.throughput import Effort

EVENTS_PER_S = 20
FEWEST, MOST, STEP = 250, 2500, 125
MOST_ADDED_S = 0.010
MOST_LATE_SHARE = 0.01
"""Of events, that a saturated process would still be holding when the time is over."""
RAMP_S = 2.0
SECONDS_PER_ROUND = 2.0

SLOW_STREAMS = 1000
STREAMS_AT_ONCE = Bar(bar=1000, goal=2500, shown=count, is_more_better=True)
MEMORY = Bar(bar=300, goal=200, shown=megabytes)
PROCESSOR = Bar(bar=0.5, goal=0.25, shown=share_of_core)
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Delays of as many streams through the gateway and through the relay."""

    streams: int
    gateway: Delays
    relay: Delays

    @property
    def added_s(self) -> float:
        return self.gateway.p99_s - self.relay.p99_s

    @property
    def holds(self) -> bool:
        is_complete = not self.gateway.failures and self.gateway.arrived > 1 - MOST_LATE_SHARE
        return is_complete and self.added_s < MOST_ADDED_S

    def __str__(self) -> str:
        ours, theirs = milliseconds(self.gateway.p99_s), milliseconds(self.relay.p99_s)
        return f"{self.streams} streams: p99 {ours}, {self.gateway.arrived:.0%} of events in time; relay {theirs}"


async def paced_streams(stage: Stage, effort: Effort) -> Sequence[Figure]:
    """The most streams at once, found by bisection, whose events come hardly later than through the relay."""
    await trial(stage, effort, FEWEST)  # connections are made, code is warm
    most = await trial(stage, effort, MOST)
    best, refused = (most, None) if most.holds else (await trial(stage, effort, FEWEST), most)
    low, high = best.streams, MOST
    while best.holds and high - low > STEP:
        middle = await trial(stage, effort, (low + high) // 2)
        if middle.holds:
            best, low = middle, middle.streams
        else:
            refused, high = middle, middle.streams
    note = f"{best}" + (f" (too many: {refused})" if refused else "")
    value = best.streams if best.holds else 0
    what = "paced streams at once, p99 added to an event < 10 ms"
    return [held_against(STREAMS_AT_ONCE, what, value, note)]


async def trial(stage: Stage, effort: Effort, streams: int) -> Trial:
    measured_s = SECONDS_PER_ROUND * effort.measured_s
    gateway = await stage.load.delays(order(stage.gateway, streams, events_per_s=EVENTS_PER_S, measured_s=measured_s))
    relay = await stage.load.delays(order(stage.relay, streams, events_per_s=EVENTS_PER_S, measured_s=measured_s))
    return Trial(streams=streams, gateway=gateway, relay=relay)


def order(subject: Subject, streams: int, *, events_per_s: float, measured_s: float) -> OpenStreams:
    exchange = paced_chat(events_per_s=events_per_s, lasts_s=RAMP_S + measured_s)
    return OpenStreams(
        port=subject.port,
        request=subject.request(exchange),
        streams=streams,
        events_per_s=events_per_s,
        ramp_s=RAMP_S,
        measured_s=measured_s,
    )


async def open_streams(stage: Stage, effort: Effort) -> Sequence[Figure]:
    """Memory and processor time of the process that holds a thousand quiet streams."""
    measured_s = SECONDS_PER_ROUND * effort.measured_s
    asked = order(stage.gateway, SLOW_STREAMS, events_per_s=1, measured_s=measured_s)
    process = stage.gateway.process
    delays = asyncio.create_task(stage.load.delays(asked))
    await asyncio.sleep(RAMP_S)
    before = process.consumption()
    await asyncio.sleep(measured_s)
    memory, core_share = process.memory_bytes() / MEGABYTE, process.consumption().share_of_a_core_since(before)
    arrived = await delays
    note = f"p99 delay of an event {milliseconds(arrived.p99_s)}, {arrived.arrived:.0%} of events in time"
    return [
        held_against(MEMORY, "1,000 open streams at 1 event/s, memory", memory, note),
        held_against(PROCESSOR, "1,000 open streams at 1 event/s, processor", core_share, ""),
    ]
