"""Requests that get no answer from a target, and what the client is told."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from opencode_local.balancer.registrations import Target
from opencode_local.balancer.tempo import Tempo
from tests.local.balancer.running import (
    GUIDE,
    PATIENCE_S,
    Balanced,
    Declared,
    Script,
    Ticks,
    balanced,
    documented,
    fixed,
    scripted,
    served,
)

LIMITS = f"{GUIDE}: Quotas for your Application Load Balancers, HTTP headers"
ERRORS = f"{GUIDE}: Troubleshoot your Application Load Balancers"
BRIEF = Tempo(pulse=Ticks(), second_s=0.005)
"""An idle timeout of a minute is over in 0.3 s."""


@pytest_asyncio.fixture(scope="module")
async def running() -> AsyncIterator[Balanced]:
    async with balanced(Declared(default=fixed("200", "ok"))) as running:
        yield running


def lines(*extra: str, start: str = "GET / HTTP/1.1", host: str = "Host: a") -> bytes:
    every = (start, host, *extra, "Connection: close")
    return "".join(f"{line}\r\n" for line in every if line).encode() + b"\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "source"),
    [
        (lines(), 200, LIMITS),
        (lines(start="TRACE / HTTP/1.1"), 405, ERRORS),
        (lines(start="GET / HTTP/1.1", host=""), 400, ERRORS),
        (lines(start="nonsense"), 400, ERRORS),
        (lines("No colon"), 400, ERRORS),
        (lines(start=f"GET /{'a' * 16_000} HTTP/1.1"), 200, LIMITS),
        (lines(start=f"GET /{'a' * 16_400} HTTP/1.1"), 414, LIMITS),
        (lines(f"X-A: {'a' * 16_000}"), 200, LIMITS),
        (lines(f"X-A: {'a' * 16_400}"), 400, LIMITS),
        (lines(*(f"X-{n}: {'a' * 12_000}" for n in range(5))), 200, LIMITS),
        (lines(*(f"X-{n}: {'a' * 12_000}" for n in range(6))), 400, LIMITS),
        (lines(*(f"X-{n}: a" for n in range(500))), 200, LIMITS),
        (lines(f"X-Forwarded-For: {', '.join(['1.1.1.1'] * 30)}"), 200, ERRORS),
        (lines(f"X-Forwarded-For: {', '.join(['1.1.1.1'] * 31)}"), 463, ERRORS),
        (lines("Transfer-Encoding: gzip", start="POST / HTTP/1.1"), 501, ERRORS),
        (lines("Transfer-Encoding: gzip, chunked", start="POST / HTTP/1.1") + b"0\r\n\r\n", 501, ERRORS),
    ],
    ids=lambda value: value[:30].decode() if isinstance(value, bytes) else None,
)
async def test_requests_within_the_limits_are_taken_and_others_refused(
    running: Balanced, sent: bytes, status: int, source: str
) -> None:
    answer = await running.raw(sent)

    assert int(answer.split(b" ", 2)[1]) == status, answer[:200]


@documented("Troubleshoot your Application Load Balancers")
async def test_the_load_balancer_s_own_errors_are_small_pages(running: Balanced, source: str) -> None:
    head, _, body = (await running.raw(lines(start="TRACE / HTTP/1.1"))).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 405 Not Allowed\r\n")
    assert b"content-type: text/html" in head.lower()
    assert b"server: awselb/2.0" in head.lower()
    assert body == (
        b"<html>\r\n<head><title>405 Not Allowed</title></head>\r\n<body>\r\n"
        b"<center><h1>405 Not Allowed</h1></center>\r\n</body>\r\n</html>\r\n"
    )


async def closes(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """At once."""


async def babbles(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"I am no HTTP\r\n\r\n")


async def boasts(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 9000) for n in range(5)) + b"\r\n")


async def says_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(
    ("script", "status"), [(closes, 502), (babbles, 502), (boasts, 502)], ids=["closes", "babbles", "boasts"]
)
@documented("Troubleshoot your Application Load Balancers")
async def test_a_target_without_a_proper_answer_is_a_bad_gateway(script: Script, status: int, source: str) -> None:
    async with balanced(Declared()) as running, scripted(script) as target:
        await running.add("web", target)
        answer = await running.ask("POST", data=b"x")

    assert (answer.status, answer.reason) == (status, "Bad Gateway")


def nobody() -> Target:
    """At a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return Target("nobody", "127.0.0.1", free.getsockname()[1])


@documented("Troubleshoot your Application Load Balancers")
async def test_without_registered_targets_the_service_is_unavailable(source: str) -> None:
    async with balanced(Declared()) as running:
        answer = await running.get()

    assert (answer.status, answer.reason) == (503, "Service Temporarily Unavailable")


@documented("Troubleshoot your Application Load Balancers")
async def test_a_target_that_cannot_be_reached_is_a_bad_gateway(source: str) -> None:
    async with balanced(Declared()) as running, served() as (target, there):
        await running.add("web", there)
        await target.stop()

        assert (await running.get()).status == 502


@documented("Troubleshoot your Application Load Balancers")
async def test_a_connection_that_fails_is_tried_at_another_target(source: str) -> None:
    async with balanced(Declared()) as running, served() as (gone, first), served() as (_, second):
        await running.add("web", first)
        await running.add("web", second)
        await gone.stop()

        statuses = {(await running.ask("POST", data=b"x")).status for _ in range(4)}

    assert statuses == {200}


@documented("Troubleshoot your Application Load Balancers")
async def test_a_target_that_is_silent_for_the_idle_timeout_is_a_gateway_time_out(source: str) -> None:
    async with balanced(Declared(), tempo=BRIEF) as running, scripted(says_nothing) as target:
        await running.add("web", target)
        answer = await running.get()

    assert (answer.status, answer.reason) == (504, "Gateway Time-out")


@documented("Edit attributes for your Application Load Balancer, Connection idle timeout")
async def test_a_stream_that_is_silent_for_the_idle_timeout_is_closed(source: str) -> None:
    async def stalls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await reader.read()

    async with balanced(Declared(), tempo=BRIEF) as running, scripted(stalls) as target:
        await running.add("web", target)
        async with running.client.get(running.url) as answer:
            assert await answer.content.readany() == b"a"
            with pytest.raises(aiohttp.ClientPayloadError):
                await asyncio.wait_for(answer.content.read(), PATIENCE_S)


@documented("Troubleshoot your Application Load Balancers")
async def test_a_client_that_is_silent_in_its_request_is_timed_out(source: str) -> None:
    async with balanced(Declared(), tempo=BRIEF) as running, scripted(says_nothing) as target:
        await running.add("web", target)
        answer = await running.raw(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")

    assert answer.startswith(b"HTTP/1.1 408 Request Time-out\r\n")


@documented("Edit attributes for your Application Load Balancer, Connection idle timeout")
async def test_a_client_that_asks_nothing_is_hung_up_on(source: str) -> None:
    async with balanced(Declared(default=fixed("200")), tempo=BRIEF) as running:
        assert await running.raw() == b""


@pytest.mark.parametrize(
    "head", [b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", b"Content-Length: 99\r\n\r\nfirst"]
)
@documented("Troubleshoot your Application Load Balancers")
async def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(head: bytes, source: str) -> None:
    async def breaks_off(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)

    async with balanced(Declared()) as running, scripted(breaks_off) as target:
        await running.add("web", target)
        async with running.client.get(running.url) as answer:
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await asyncio.wait_for(answer.read(), PATIENCE_S)


@documented("Troubleshoot your Application Load Balancers, HTTP 460")
async def test_when_the_client_goes_the_target_s_connection_is_closed(source: str) -> None:
    asked, cut = asyncio.Event(), asyncio.Event()

    async def waits(request: web.Request) -> web.StreamResponse:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()
        return web.Response()

    async with balanced(Declared()) as running, served(waits) as (_, target):
        await running.add("web", target)
        request = asyncio.create_task(running.get())
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        request.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await request

        await asyncio.wait_for(cut.wait(), PATIENCE_S)


@pytest.mark.parametrize("version", ["HTTP2", "GRPC"])
@documented("Troubleshoot your Application Load Balancers, HTTP 464")
async def test_a_request_of_another_protocol_version_than_the_target_group_s_is_refused(
    version: str, source: str
) -> None:
    async with balanced(Declared(groups={"web": {"protocol_version": version}})) as running:
        assert (await running.get()).status == 464


async def test_a_fault_of_the_load_balancer_itself_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    declared = Declared(groups={"web": {"load_balancing_algorithm_type": "unheard of"}})
    async with balanced(declared) as running, served() as (_, target):
        await running.add("web", target)
        answer = await running.get()

    assert (answer.status, answer.reason) == (500, "Internal Server Error")
    assert "unheard of" in caplog.text
