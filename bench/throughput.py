"""How many answers a second a saturated process gives, as a share of what the bare relay gives."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.exchanges import CHAT_PATH, Exchange
from bench.figures import Bar, Figure, held_against, times
from bench.orders import ClosedLoop, Loop
from bench.processes import BenchFailed
from bench.stage import Stage
from bench.subject import Subject

CONNECTIONS = 32
WARM_UP_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long is measured."""

    rounds: int
    measured_s: float


FIRST_TRY = Effort(rounds=1, measured_s=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One subject's result, and the share of a core that its process used meanwhile."""

    loop: Loop
    core_share: float


async def measured(stage: Stage, subject: Subject, order: ClosedLoop) -> Round:
    """Raises BenchFailed when any answer was not a 200."""
    before = subject.process.consumption()
    loop = await stage.load.loop(order)
    core_share = subject.process.consumption().share_of_a_core_since(before)
    if loop.failures:
        raise BenchFailed(f"{subject.name}: {len(loop.failures)} failed answers, {loop.failures[:1]}")
    return Round(loop=loop, core_share=core_share)


async def rounds(
    stage: Stage, effort: Effort, exchange: Exchange, subjects: Sequence[Subject], *, connections: int = CONNECTIONS
) -> Mapping[str, Sequence[Round]]:
    """By subject. They take turns, so that whatever else the machine does falls on all of them."""
    results: dict[str, list[Round]] = {subject.name: [] for subject in subjects}
    for _ in range(effort.rounds):
        for subject in subjects:
            order = ClosedLoop(
                port=subject.port,
                request=subject.request(exchange),
                connections=connections,
                warm_up_s=WARM_UP_S,
                measured_s=effort.measured_s,
            )
            results[subject.name].append(await measured(stage, subject, order))
    return results


async def throughput(stage: Stage, effort: Effort, what: str, exchange: Exchange, bar: Bar) -> Sequence[Figure]:
    await stage.check(exchange)
    relay, gateway = stage.relay, stage.gateway
    others = (stage.gateway_by_token, *await peers_for(exchange, stage))
    results = await rounds(stage, effort, exchange, (relay, gateway, *others))
    once = Effort(rounds=1, measured_s=effort.measured_s)
    direct = (await rounds(stage, once, exchange, (stage.upstream,)))[stage.upstream.name]
    baseline = results[relay.name]
    scale = [
        Figure(what=name, value=ratio(results_of, baseline), shown=times, absolute=absolute(results_of))
        for name, results_of in [
            *((other.name, results[other.name]) for other in others),
            (stage.upstream.name, direct),
        ]
    ]
    note = f"{absolute(results[gateway.name])}; relay {absolute(baseline)}"
    return [held_against(bar, what, ratio(results[gateway.name], baseline), note), *scale]


async def peers_for(exchange: Exchange, stage: Stage) -> Sequence[Subject]:
    """Those that answer; all are set up for Chat Completions passed through."""
    if exchange.upstream_path != CHAT_PATH:
        return ()
    return [peer for peer in stage.peers if await is_answering(stage, peer, exchange)]


async def is_answering(stage: Stage, peer: Subject, exchange: Exchange) -> bool:
    try:
        await rounds(stage, FIRST_TRY, exchange, (peer,), connections=1)
    except BenchFailed as error:
        sys.stderr.write(f"left out: {error}\n")
        return False
    return True


def ratio(those: Sequence[Round], baseline: Sequence[Round]) -> float:
    """Median over the rounds; each is compared with the baseline of its own moment."""
    return median(
        one.loop.responses_per_s / other.loop.responses_per_s for one, other in zip(those, baseline, strict=False)
    )


def absolute(those: Sequence[Round]) -> str:
    rate = median(one.loop.responses_per_s for one in those)
    return f"{rate:,.0f}/s on {median(one.core_share for one in those):.0%} of a core"
