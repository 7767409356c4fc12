"""What one caller alone waits longer than with the bare relay."""

from collections.abc import Callable, Sequence
from statistics import median

from bench.exchanges import long_prompt, native_chat
from bench.figures import Bar, Figure, held_against, milliseconds, percent_more, times
from bench.orders import Loop
from bench.stage import Stage
from bench.subject import Subject
from bench.throughput import Effort, Round, rounds

MEDIAN = Bar(bar=0.40, goal=0.20, shown=percent_more)
WORST = Bar(bar=0.60, goal=0.20, shown=percent_more)
FIRST_BYTE = Bar(bar=3.0, goal=1.5, shown=times)

Time = Callable[[Loop], float]


async def latency(stage: Stage, effort: Effort) -> Sequence[Figure]:
    exchange = native_chat(is_streaming=False)
    await stage.check(exchange)
    subjects = (stage.relay, stage.gateway)
    relay, gateway = (await rounds(stage, effort, exchange, subjects, connections=1)).values()
    return [
        added(MEDIAN, "latency added to a call, p50", gateway, relay, lambda loop: loop.duration_p50_s),
        added(WORST, "latency added to a call, p99", gateway, relay, lambda loop: loop.duration_p99_s),
    ]


def added(bar: Bar, what: str, gateway: Sequence[Round], relay: Sequence[Round], time: Time) -> Figure:
    ratio = median(time(one.loop) / time(other.loop) for one, other in zip(gateway, relay, strict=True))
    return held_against(bar, what, ratio - 1, f"{shown(gateway, time)}; relay {shown(relay, time)}")


def shown(those: Sequence[Round], time: Time) -> str:
    return milliseconds(median(time(one.loop) for one in those))


async def first_byte(stage: Stage, effort: Effort) -> Sequence[Figure]:
    """What is added to the upstream's own time to the first byte of an answer to 200,000 tokens."""
    exchange = long_prompt()
    await stage.check(exchange)
    subjects: tuple[Subject, ...] = (stage.upstream, stage.relay, stage.gateway)
    direct, relay, gateway = (await rounds(stage, effort, exchange, subjects, connections=1)).values()
    added_s = [first_byte_s(one) - first_byte_s(other) for one, other in zip(gateway, direct, strict=True)]
    relay_s = [first_byte_s(one) - first_byte_s(other) for one, other in zip(relay, direct, strict=True)]
    value = median(ours / theirs for ours, theirs in zip(added_s, relay_s, strict=True))
    note = f"{milliseconds(median(added_s))}; relay {milliseconds(median(relay_s))}"
    return [held_against(FIRST_BYTE, "time to first byte added, 820 KB body", value, note)]


def first_byte_s(one: Round) -> float:
    return one.loop.first_byte_p50_s
