"""Which of its targets a target group sends a request to.

Sources: Application Load Balancer user guide, "Target groups for your Application Load Balancers", "Routing
algorithms" and "Slow start mode", and "Health checks for Application Load Balancer target groups" (read 2026-11-21).
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from opencode_local.balancer.registrations import Registration

Choice = Callable[[Sequence[Registration], int, Random], Registration]


def eligible(registrations: Sequence[Registration]) -> Sequence[Registration]:
    """The healthy ones; when there is none, all that are unhealthy: the group fails open."""
    present = [each for each in registrations if not each.is_draining]
    well = [each for each in present if each.takes_requests]
    return well or [each for each in present if each.health.state == "unhealthy"]


def round_robin(candidates: Sequence[Registration], turn: int, _random: Random) -> Registration:
    return candidates[turn % len(candidates)]


def least_outstanding_requests(candidates: Sequence[Registration], turn: int, _random: Random) -> Registration:
    """Of those that have equally few, each in its turn."""
    start = turn % len(candidates)
    return min([*candidates[start:], *candidates[:start]], key=lambda each: each.open_requests)


def weighted_random(candidates: Sequence[Registration], _turn: int, random: Random) -> Registration:
    """Of equal weights: anomalies, after which AWS changes them, are not looked for here."""
    return random.choice(candidates)


ALGORITHMS: Mapping[str, Choice] = {
    "round_robin": round_robin,
    "least_outstanding_requests": least_outstanding_requests,
    "weighted_random": weighted_random,
}


def warm(candidates: Sequence[Registration], now: float, duration_s: float, random: Random) -> Sequence[Registration]:
    """Without those in slow start whose turn it is not: their share grows from none to full in `duration_s`."""
    ready = [each for each in candidates if random.random() < share(each, now, duration_s)]
    return ready or candidates


def share(registration: Registration, now: float, duration_s: float) -> float:
    if registration.slow_since is None or not duration_s:
        return 1.0
    return min(1.0, (now - registration.slow_since) / duration_s)
