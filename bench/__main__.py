"""`make bench`: prints how the gateway does against a bare relay in the same run; asserts nothing."""

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from bench import delay, exchanges, footprint, paced
from bench.figures import Bar, Figure, table, times
from bench.processes import BenchFailed, cores
from bench.stage import Stage, set_up
from bench.throughput import Effort, throughput

FULL = Effort(rounds=5, measured_s=2.0)
QUICK = Effort(rounds=1, measured_s=0.5)

Measure = Callable[[Stage, Effort], Awaitable[Sequence[Figure]]]


def rate(what: str, exchange: exchanges.Exchange, *, bar: float, goal: float) -> Measure:
    return partial(
        throughput, what=what, exchange=exchange, bar=Bar(bar=bar, goal=goal, shown=times, is_more_better=True)
    )


MEASURES: Mapping[str, Measure] = {
    "stream": rate("native stream, Chat", exchanges.native_chat(is_streaming=True), bar=0.70, goal=0.85),
    "messages-stream": rate(
        "native stream, Messages", exchanges.native_messages(is_streaming=True), bar=0.70, goal=0.85
    ),
    "translated-stream": rate(
        "translated stream, Chat to Converse", exchanges.translated_chat(is_streaming=True), bar=0.30, goal=0.45
    ),
    "call": rate("native call, Chat", exchanges.native_chat(is_streaming=False), bar=0.70, goal=0.85),
    "translated-call": rate(
        "translated call, Chat to Converse", exchanges.translated_chat(is_streaming=False), bar=0.65, goal=0.80
    ),
    "latency": delay.latency,
    "paced": paced.paced_streams,
    "open-streams": paced.open_streams,
    "first-byte": delay.first_byte,
    "start": footprint.start,
}


async def main() -> int:
    options = arguments()
    effort = QUICK if options.quick else FULL
    names = options.only or list(MEASURES)
    print(conditions(effort), flush=True)
    figures: list[Figure] = []
    try:
        async with set_up() as stage:
            for name in names:
                sys.stderr.write(f"measuring: {name}\n")
                figures += await MEASURES[name](stage, effort)
    except BenchFailed as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    print(table(figures))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=MEASURES, help="measure this alone; may be repeated")
    parser.add_argument("--quick", action="store_true", help="one short round: for a first look, not for figures")
    return parser.parse_args()


def conditions(effort: Effort) -> str:
    measured_core, other_core = cores()
    shared = "" if measured_core != other_core else " (one core for everything: figures are not to be trusted)"
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores; measured process on core {measured_core}, "
        f"upstream and load generator on core {other_core}{shared}.\n"
        f"Median of {effort.rounds} rounds of {effort.measured_s:g} s, relay and gateway in turn; "
        f"x: multiple of the bare relay in the same round. 200 pieces of text per stream.\n"
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
