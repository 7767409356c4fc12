"""Health checks: which targets are well, and what follows from it."""

from collections.abc import Sequence
from typing import Any

import pytest

from opencode_local.balancer.registrations import Target
from opencode_local.balancer.target_groups import TargetGroup
from opencode_local.balancer.tempo import Tempo
from tests.local.balancer.running import Declared, Ticks, balanced, documented, named, served, shares

HEALTH = "Health checks for Application Load Balancer target groups"
CHECK: dict[str, Any] = {
    "path": "/ready?a=b",
    "matcher": "200-204,301",
    "interval": 10,
    "timeout": 5,
    "healthy_threshold": 3,
    "unhealthy_threshold": 2,
}


def checked(**settings: Any) -> Declared:
    return Declared(groups={"web": {"health_check": {**CHECK, **settings}}})


@documented(HEALTH)
async def test_a_new_target_gets_requests_after_one_success(source: str) -> None:
    ticks = Ticks()
    async with balanced(checked(), tempo=Tempo(pulse=ticks)) as running, served() as (served_one, target):
        served_one.health_status = 503
        group = running.groups["web"]
        group.register(target)
        assert group.health(target).state == "initial"
        assert group.health(target).reason == "Elb.InitialHealthChecking"
        await ticks.beat()
        assert (await running.get()).status == 503

        served_one.health_status = 200
        await ticks.beat()

        assert group.health(target).state == "healthy"
        assert (await running.get()).status == 200


@documented(HEALTH)
async def test_a_check_asks_the_declared_path_and_closes_the_connection(source: str) -> None:
    async with balanced(checked()) as running, served() as (served_one, target):
        await running.add("web", target)

    (asked,) = served_one.health_checks
    assert asked.raw_path == "/ready?a=b"
    assert asked.headers["User-Agent"] == "ELB-HealthChecker/2.0"
    assert asked.headers["Connection"] == "close"
    assert asked.headers["Host"] == f"127.0.0.1:{target.port}"


@documented(HEALTH)
async def test_a_check_asks_at_the_declared_port(source: str) -> None:
    async with (
        served() as (asked, checked_one),
        served() as (_, target),
        balanced(checked(port=str(checked_one.port))) as running,
    ):
        await running.add("web", target)

    assert len(asked.health_checks) == 1


@documented(HEALTH)
async def test_a_target_is_unhealthy_after_as_many_failures_as_declared_and_healthy_after_as_many_successes(
    source: str,
) -> None:
    ticks = Ticks()
    async with balanced(checked(), tempo=Tempo(pulse=ticks)) as running, served() as (served_one, target):
        await running.add("web", target)
        states = []
        for status in (500, 200, 500, 500, 200, 200, 200):
            served_one.health_status = status
            await ticks.beat()
            states.append(running.groups["web"].health(target).state)

    assert states == ["healthy", "healthy", "healthy", "unhealthy", "unhealthy", "unhealthy", "healthy"]
    assert all(9 < wait <= 10 for wait in ticks.waited[1:]), "the declared interval, less the time of the answer"


@pytest.mark.parametrize(
    ("status", "state", "description"),
    [
        (200, "healthy", ""),
        (204, "healthy", ""),
        (301, "healthy", ""),
        (205, "unhealthy", "Health checks failed with these codes: [205]"),
        (404, "unhealthy", "Health checks failed with these codes: [404]"),
    ],
)
@documented(HEALTH)
async def test_the_matcher_says_which_statuses_are_well(status: int, state: str, description: str, source: str) -> None:
    ticks = Ticks()
    async with balanced(checked(), tempo=Tempo(pulse=ticks)) as running, served() as (served_one, target):
        await running.add("web", target)
        served_one.health_status = status
        await ticks.beat()
        await ticks.beat()

        health = running.groups["web"].health(target)
        assert (health.state, health.description) == (state, description)


@documented(HEALTH)
async def test_a_target_that_cannot_be_reached_fails_its_checks(source: str) -> None:
    ticks = Ticks()
    async with balanced(checked(), tempo=Tempo(pulse=ticks)) as running, served() as (gone, target):
        await running.add("web", target)
        await gone.stop()
        await ticks.beat()
        await ticks.beat()

        assert running.groups["web"].health(target).reason == "Target.FailedHealthChecks"


@documented(HEALTH)
async def test_a_target_that_does_not_answer_in_time_is_unhealthy(source: str) -> None:
    ticks = Ticks()
    async with (
        balanced(checked(), tempo=Tempo(pulse=ticks, check_second_s=0.05)) as running,
        served() as (slow, target),
    ):
        await running.add("web", target)
        slow.is_silent = True
        await ticks.beat()
        await ticks.beat()

        assert running.groups["web"].health(target).reason == "Target.Timeout"


@documented(HEALTH)
async def test_a_target_that_takes_long_to_start_stays_initial_for_its_declared_checks(source: str) -> None:
    ticks = Ticks()
    async with balanced(checked(interval=5), tempo=Tempo(pulse=ticks)) as running, served() as (served_one, target):
        served_one.health_status = 503
        group = running.groups["web"]
        group.register(target)
        for _ in range(38):
            await ticks.beat()
        assert group.health(target).state == "initial"

        for _ in range(2):
            await ticks.beat()

        assert group.health(target).state == "unhealthy", "40 checks, one each 0.25 s, are two in 5 s"
        assert ticks.waited[0] <= 0.25


@documented(HEALTH)
async def test_requests_go_to_healthy_targets_only_while_there_is_one_and_to_all_else(source: str) -> None:
    ticks = Ticks()
    async with (
        balanced(checked(), tempo=Tempo(pulse=ticks)) as running,
        served(named("first")) as (first, one),
        served(named("second")) as (second, two),
    ):
        await running.add("web", one)
        await running.add("web", two)
        first.health_status = 503
        await beats(ticks, running.groups["web"], [one], "unhealthy")
        assert await shares(running, 4) == {"second": 4}

        second.health_status = 503
        await beats(ticks, running.groups["web"], [one, two], "unhealthy")

        assert await shares(running, 4) == {"first": 2, "second": 2}, "the target group fails open"


async def beats(ticks: Ticks, group: TargetGroup, targets: Sequence[Target], state: str) -> None:
    """As many as it takes: with several targets a beat is over when the first of them waits again."""
    while {group.health(target).state for target in targets} != {state}:
        await ticks.beat()
