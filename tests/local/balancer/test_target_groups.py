"""Who gets the next request, and targets that leave."""

import asyncio
from random import Random

import aiohttp
import pytest
from aiohttp import web

from opencode_local.balancer.tempo import Tempo
from tests.local.balancer.running import (
    PATIENCE_S,
    Declared,
    Ticks,
    balanced,
    documented,
    named,
    scripted,
    served,
    shares,
)


@documented("Target groups for your Application Load Balancers, Routing algorithms")
async def test_round_robin_takes_each_in_its_turn(source: str) -> None:
    async with balanced(Declared()) as running, served(named("a")) as (_, one), served(named("b")) as (_, two):
        await running.add("web", one)
        await running.add("web", two)

        assert [(await running.get()).text for _ in range(4)] == ["a", "b", "a", "b"]


@documented("Target groups for your Application Load Balancers, Routing algorithms")
async def test_least_outstanding_requests_spares_a_target_that_is_busy(source: str) -> None:
    busy, done = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        busy.set()
        await done.wait()
        return web.Response(text="slow")

    declared = Declared(groups={"web": {"load_balancing_algorithm_type": "least_outstanding_requests"}})
    async with balanced(declared) as running, served(slow) as (_, one), served(named("quick")) as (_, two):
        await running.add("web", one)
        first = asyncio.create_task(running.get())
        await asyncio.wait_for(busy.wait(), PATIENCE_S)
        await running.add("web", two)
        rest = await shares(running, 3)
        done.set()

        assert (rest, (await first).text) == ({"quick": 3}, "slow")


@documented("Target groups for your Application Load Balancers, Routing algorithms")
async def test_weighted_random_takes_them_at_random(source: str) -> None:
    declared = Declared(groups={"web": {"load_balancing_algorithm_type": "weighted_random"}})
    tempo = Tempo(pulse=Ticks(), random=Random(1))  # noqa: S311  chance, no secret
    async with (
        balanced(declared, tempo=tempo) as running,
        served(named("a")) as (_, one),
        served(named("b")) as (_, two),
    ):
        await running.add("web", one)
        await running.add("web", two)
        taken = [(await running.get()).text for _ in range(12)]

    assert set(taken) == {"a", "b"}
    assert taken != ["a", "b"] * 6


@documented("Edit target group attributes for your Application Load Balancer, Slow start mode")
async def test_a_target_in_slow_start_gets_a_growing_share(source: str) -> None:
    now_s = [0.0]
    tempo = Tempo(pulse=Ticks(), clock=lambda: now_s[0], random=Random(1))  # noqa: S311  chance, no secret
    async with (
        balanced(Declared(groups={"web": {"slow_start": 100}}), tempo=tempo) as running,
        served(named("old")) as (_, one),
        served(named("new")) as (_, two),
    ):
        await running.add("web", one)
        await running.add("web", two)
        counts = []
        for now_s[0] in (0, 50, 100):
            counts.append((await shares(running, 40))["new"])

    assert counts[0] == 0
    assert 0 < counts[1] < 20
    assert counts[2] == 20


@documented("Edit target group attributes for your Application Load Balancer, Deregistration delay")
async def test_a_target_that_leaves_finishes_what_it_has_and_gets_nothing_new(source: str) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        asked.set()
        await go_on.wait()
        return web.Response(text="finished")

    async with balanced(Declared()) as running, served(slow) as (_, target):
        await running.add("web", target)
        group, open_request = running.groups["web"], asyncio.create_task(running.get())
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        leaving = asyncio.create_task(group.deregister(target))
        await asyncio.sleep(0)
        assert group.health(target).state == "draining"

        assert group.health(target).reason == "Target.DeregistrationInProgress"
        assert (await running.get()).status == 503
        assert not leaving.done()
        go_on.set()
        assert (await open_request).text == "finished"
        await asyncio.wait_for(leaving, PATIENCE_S)
        assert group.health(target).reason == "Target.NotRegistered"


@documented("Edit target group attributes for your Application Load Balancer, Deregistration delay")
async def test_a_target_without_open_requests_leaves_at_once(source: str) -> None:
    async with balanced(Declared()) as running, served() as (_, target):
        await running.add("web", target)

        await asyncio.wait_for(running.groups["web"].deregister(target), 1)


@documented("Troubleshoot your Application Load Balancers, HTTP 502")
async def test_what_is_open_after_the_deregistration_delay_is_a_bad_gateway(source: str) -> None:
    asked = asyncio.Event()

    async def never(_request: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.Event().wait()
        return web.Response()

    declared = Declared(groups={"web": {"deregistration_delay": 5}})
    async with balanced(declared, tempo=Tempo(pulse=Ticks(), second_s=0.02)) as running, served(never) as (_, target):
        await running.add("web", target)
        open_request = asyncio.create_task(running.get())
        await asyncio.wait_for(asked.wait(), PATIENCE_S)

        await asyncio.wait_for(running.groups["web"].deregister(target), PATIENCE_S)

        assert (await open_request).status == 502


@documented("Edit target group attributes for your Application Load Balancer, Deregistration delay")
async def test_a_stream_that_is_open_after_the_deregistration_delay_is_cut(source: str) -> None:
    async def streams(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await reader.read()

    declared = Declared(groups={"web": {"deregistration_delay": 0}})
    async with balanced(declared) as running, scripted(streams) as target:
        await running.add("web", target)
        async with running.client.get(running.url) as answer:
            assert await answer.content.readany() == b"a"
            await asyncio.wait_for(running.groups["web"].deregister(target), PATIENCE_S)
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.content.read()


@documented("Edit target group attributes for your Application Load Balancer, Deregistration delay")
async def test_when_targets_are_replaced_under_load_no_request_fails_and_no_stream_is_cut(source: str) -> None:
    begun, finish = asyncio.Semaphore(0), asyncio.Event()

    async def streams(request: web.Request) -> web.StreamResponse:
        if request.path != "/stream":
            return web.Response(text="quick")
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(b"begun ")
        begun.release()
        await finish.wait()
        await stream.write(b"ended")
        return stream

    async with balanced(Declared()) as running, served(streams) as (_, old), served(streams) as (_, new):
        group = running.groups["web"]
        await running.add("web", old)
        open_streams = [asyncio.create_task(running.get("/stream")) for _ in range(20)]
        for _ in open_streams:
            await asyncio.wait_for(begun.acquire(), PATIENCE_S)
        load = asyncio.create_task(shares(running, 60))
        await running.add("web", new)
        leaving = asyncio.create_task(group.deregister(old))

        assert await load == {"quick": 60}
        assert not leaving.done()
        finish.set()
        assert {(await stream).text for stream in open_streams} == {"begun ended"}
        await asyncio.wait_for(leaving, PATIENCE_S)
        assert list(group.targets) == [new]


async def test_a_target_that_is_gone_is_no_longer_asked_and_whoever_waits_for_it_is_told() -> None:
    async with balanced(Declared()) as running, served() as (served_one, target):
        served_one.health_status = 503
        group = running.groups["web"]
        group.register(target)
        waiting = asyncio.create_task(group.until_healthy(target))
        await asyncio.sleep(0)
        group.remove(target)

        with pytest.raises(LookupError, match="not registered"):
            await asyncio.wait_for(waiting, PATIENCE_S)
        assert list(group.targets) == []


async def test_status_has_a_line_for_each_listener_and_each_target() -> None:
    async with balanced(Declared()) as running, served() as (_, target):
        await running.add("web", target)

        (listener,), (line,) = running.balancer.status(), running.groups["web"].status()

    listening = f"{running.balancer.name} HTTPS:443"
    assert (listener.name, listener.state, listener.detail) == (listening, "active", running.url)
    assert (line.name, line.kind, line.state) == (f"{running.groups['web'].name} {target.id}", "target", "healthy")
