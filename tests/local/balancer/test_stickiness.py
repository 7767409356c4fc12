"""Weighted target groups, and cookies that bring a client back."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

from opencode_local.balancer.registrations import Target
from opencode_local.balancer.tempo import Tempo
from tests.local.balancer.running import Balanced, Declared, Ticks, balanced, documented, named, served, weighted

STICKY = "Sticky sessions for your Application Load Balancer"
FORWARD = "Action types for listener rules, forward actions"
NOW_S = 1_800_000_000


class Visit:
    """One request: who answered, and which cookies were set."""

    def __init__(self, body: str, set_cookies: list[str]) -> None:
        self.by = body
        self.set_cookies = set_cookies
        self.cookies = {name: value for line in set_cookies for name, _, value in [line.split(";")[0].partition("=")]}


async def visit(running: Balanced, cookies: Mapping[str, str] | None = None) -> Visit:
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())} if cookies else {}
    async with running.client.get(running.url, headers=sent) as answer:
        return Visit(await answer.text(), list(answer.headers.getall("Set-Cookie", ())))


class Clock:
    def __init__(self) -> None:
        self.now_s = float(NOW_S)

    def __call__(self) -> float:
        return self.now_s


@asynccontextmanager
async def two_targets(
    stickiness: dict[str, Any], clock: Clock, cookie: str = ""
) -> AsyncIterator[tuple[Balanced, dict[str, Target]]]:
    declared = Declared(groups={"web": {"stickiness": stickiness}})
    tempo = Tempo(pulse=Ticks(), epoch=clock)
    async with (
        balanced(declared, tempo=tempo) as running,
        served(named("a", cookie)) as (_, one),
        served(named("b", cookie)) as (_, two),
    ):
        await running.add("web", one)
        await running.add("web", two)
        yield running, {"a": one, "b": two}


@documented(STICKY)
async def test_a_cookie_brings_the_client_back_to_its_target(source: str) -> None:
    async with two_targets({"type": "lb_cookie", "cookie_duration": 60}, Clock()) as (running, _):
        first = await visit(running)
        again = [(await visit(running, first.cookies)).by for _ in range(3)]

    assert again == [first.by] * 3
    assert first.cookies.keys() == {"AWSALB", "AWSALBCORS"}


@documented(STICKY)
async def test_the_cookies_expire_after_the_declared_duration_and_are_renewed_with_each_answer(source: str) -> None:
    clock = Clock()
    async with two_targets({"type": "lb_cookie", "cookie_duration": 60}, clock) as (running, _):
        first = await visit(running)
        clock.now_s += 50
        second = await visit(running, first.cookies)
        clock.now_s += 50
        third = await visit(running, second.cookies)
        clock.now_s += 61
        late = await visit(running, third.cookies)

    own, cross_origin = first.set_cookies
    assert own.endswith("; Expires=Fri, 15 Jan 2027 08:01:00 GMT; Path=/")
    assert cross_origin.endswith("; Path=/; SameSite=None; Secure")
    assert first.by == second.by == third.by != late.by


@documented(STICKY)
async def test_a_cookie_that_cannot_be_read_is_replaced(source: str) -> None:
    async with two_targets({"type": "lb_cookie"}, Clock()) as (running, _):
        forged = await visit(running, {"AWSALB": "forged"})

    assert forged.cookies["AWSALB"] != "forged"


@documented(STICKY)
async def test_a_client_whose_target_has_left_stays_with_another(source: str) -> None:
    async with two_targets({"type": "lb_cookie"}, Clock()) as (running, targets):
        first = await visit(running)
        await running.groups["web"].deregister(targets[first.by])
        second = await visit(running, first.cookies)
        running.groups["web"].register(targets[first.by])
        await running.groups["web"].until_healthy(targets[first.by])
        third = await visit(running, second.cookies)

    assert first.by != second.by == third.by


@documented(STICKY)
async def test_an_application_s_cookie_ties_the_client_to_the_target_that_set_it(source: str) -> None:
    sticky = {"type": "app_cookie", "cookie_name": "SESSION", "cookie_duration": 60}
    clock = Clock()
    async with two_targets(sticky, clock, "SESSION=1; Path=/") as (running, _):
        first = await visit(running)
        again = [(await visit(running, first.cookies)).by for _ in range(3)]
        without = {(await visit(running, {"AWSALBAPP-0": first.cookies["AWSALBAPP-0"]})).by for _ in range(4)}
        clock.now_s += 61
        late = {(await visit(running, first.cookies)).by for _ in range(2)}

    assert again == [first.by] * 3
    assert without == late == {"a", "b"}, "both cookies have to come back, in time"
    assert first.cookies.keys() == {"SESSION", "AWSALBAPP-0"}


@documented(STICKY)
async def test_a_target_that_sets_no_cookie_of_that_name_ties_nobody(source: str) -> None:
    sticky = {"type": "app_cookie", "cookie_name": "SESSION"}
    async with two_targets(sticky, Clock(), "OTHER=1") as (running, _):
        assert (await visit(running)).cookies.keys() == {"OTHER"}


@asynccontextmanager
async def two_groups(action: dict[str, Any]) -> AsyncIterator[Balanced]:
    tempo = Tempo(pulse=Ticks(), random=Random(1))  # noqa: S311  chance, no secret
    declared = Declared(groups={"blue": {}, "green": {}}, default=action)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(balanced(declared, tempo=tempo))
        for name in ("blue", "green"):
            _, target = await stack.enter_async_context(served(named(name)))
            await running.add(name, target)
        yield running


@documented(FORWARD)
async def test_requests_are_split_by_weight(source: str) -> None:
    async with two_groups(weighted(blue=3, green=1)) as running:
        taken = [(await visit(running)).by for _ in range(60)]

    assert 35 <= taken.count("blue") <= 55


@documented(FORWARD)
async def test_a_target_group_of_weight_0_gets_nothing(source: str) -> None:
    async with two_groups(weighted(blue=0, green=1)) as running:
        assert {(await visit(running)).by for _ in range(10)} == {"green"}


@documented(FORWARD)
async def test_a_target_group_without_healthy_targets_is_not_replaced_by_the_other(source: str) -> None:
    declared = Declared(groups={"blue": {}, "green": {}}, default=weighted(blue=1, green=0))
    async with balanced(declared) as running, served(named("green")) as (_, target):
        await running.add("green", target)

        assert (await running.get()).status == 503


@documented(FORWARD)
async def test_a_cookie_brings_the_client_back_to_its_target_group(source: str) -> None:
    async with two_groups(weighted({"enabled": True, "duration": 60}, blue=1, green=1)) as running:
        first = await visit(running)
        again = {(await visit(running, first.cookies)).by for _ in range(10)}

    assert again == {first.by}
    assert first.cookies.keys() == {"AWSALBTG", "AWSALBTGCORS"}
