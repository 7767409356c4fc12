"""What reaches a target, and what comes back."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from opencode_local.balancer.tempo import Tempo
from tests.local.balancer.running import (
    GUIDE,
    PATIENCE_S,
    Balanced,
    Declared,
    Ticks,
    balanced,
    documented,
    fixed,
    scripted,
    served,
)

HEADERS = f"{GUIDE}: HTTP headers and Application Load Balancers"
ATTRIBUTES = f"{GUIDE}: Edit attributes for your Application Load Balancer"
TRACING = f"{GUIDE}: Request tracing for your Application Load Balancer"
HOW = "Elastic Load Balancing user guide: How Elastic Load Balancing works"
ROOT = "1-67891233-abcdef012345678912345678"
NOW_S = 0x6789FFFF
OWN = r"1-6789ffff-[0-9a-f]{24}"


@pytest_asyncio.fixture(scope="module")
async def running() -> AsyncIterator[Balanced]:
    async with (
        balanced(Declared(), tempo=Tempo(pulse=Ticks(), epoch=lambda: NOW_S)) as running,
        served() as (_, target),
    ):
        await running.add("web", target)
        yield running


async def seen(running: Balanced, headers: Any, path: str = "/") -> list[list[str]]:
    return list(json.loads((await running.get(path, headers=headers)).body)["headers"])


def valued(pairs: list[list[str]], name: str) -> list[str]:
    return [value for sent, value in pairs if sent.lower() == name.lower()]


@pytest.mark.parametrize(
    ("sent", "name", "expected", "source"),
    [
        ({}, "X-Forwarded-For", r"127\.0\.0\.1", HEADERS),
        ({"X-Forwarded-For": "203.0.113.7"}, "X-Forwarded-For", r"203\.0\.113\.7, 127\.0\.0\.1", HEADERS),
        ({}, "X-Forwarded-Proto", "https", HEADERS),
        ({"X-Forwarded-Proto": "http"}, "X-Forwarded-Proto", "https", HEADERS),
        ({}, "X-Forwarded-Port", "443", HEADERS),
        ({"Host": "API.Example.com:8080"}, "Host", r"api\.example\.com:8080", HOW),
        ({"Connection": "keep-alive, X-Mine", "X-Mine": "1"}, "X-Mine", None, HOW),
        ({"Keep-Alive": "timeout=5"}, "Keep-Alive", None, HOW),
        ({"TE": "trailers"}, "TE", None, HOW),
        ({"X_Odd": "1"}, "X_Odd", "1", ATTRIBUTES),
        ({"x-amzn-oidc-data": "forged"}, "x-amzn-oidc-data", None, f"{GUIDE}: Authenticate users"),
        ({}, "X-Amzn-Trace-Id", f"Root={OWN}", TRACING),
        ({"X-Amzn-Trace-Id": f"Root={ROOT}"}, "X-Amzn-Trace-Id", f"Self={OWN};Root={ROOT}", TRACING),
        ({"X-Amzn-Trace-Id": f"Root={ROOT};By=app"}, "X-Amzn-Trace-Id", f"Self={OWN};Root={ROOT};By=app", TRACING),
        ({"X-Amzn-Trace-Id": f"Self={ROOT};Root={ROOT}"}, "X-Amzn-Trace-Id", f"Self={OWN};Root={ROOT}", TRACING),
        ({"X-Amzn-Trace-Id": f"Root={ROOT};{'a' * 7200}"}, "X-Amzn-Trace-Id", f"Root={OWN}", TRACING),
        ({"User-Agent": ""}, "User-Agent", "", HOW),
    ],
)
async def test_a_target_gets_the_client_s_headers_and_the_load_balancer_s(
    running: Balanced, sent: dict[str, str], name: str, expected: str | None, source: str
) -> None:
    values = valued(await seen(running, sent), name)

    assert len(values) == (0 if expected is None else 1)
    assert expected is None or re.fullmatch(expected, values[0]), values


@pytest.mark.parametrize(
    ("attributes", "sent", "name", "expected"),
    [
        ({"drop_invalid_header_fields": True}, {"X_Odd": "1"}, "X_Odd", []),
        ({"drop_invalid_header_fields": True}, {"X-Even": "1"}, "X-Even", ["1"]),
        ({"preserve_host_header": True}, {"Host": "API.Example.com"}, "Host", ["API.Example.com"]),
        ({"xff_header_processing_mode": "preserve"}, {"X-Forwarded-For": "1.2.3.4"}, "X-Forwarded-For", ["1.2.3.4"]),
        ({"xff_header_processing_mode": "preserve"}, {}, "X-Forwarded-For", []),
        ({"xff_header_processing_mode": "remove"}, {"X-Forwarded-For": "1.2.3.4"}, "X-Forwarded-For", []),
    ],
)
@documented("Edit attributes for your Application Load Balancer")
async def test_attributes_say_how_headers_are_treated(
    attributes: dict[str, Any], sent: dict[str, str], name: str, expected: list[str], source: str
) -> None:
    async with balanced(Declared(balancer=attributes)) as running, served() as (_, target):
        await running.add("web", target)

        assert valued(await seen(running, sent), name) == expected


@documented("Edit attributes for your Application Load Balancer")
async def test_the_client_s_port_is_told_where_declared(source: str) -> None:
    async with balanced(Declared(balancer={"enable_xff_client_port": True})) as running, served() as (_, target):
        await running.add("web", target)

        assert re.fullmatch(r"127\.0\.0\.1:\d+", valued(await seen(running, {}), "X-Forwarded-For")[0])


@documented("How Elastic Load Balancing works", "Elastic Load Balancing user guide")
@pytest.mark.parametrize("path", ["//a/./b/../c%2Fd?x=%20&y", "/?q=a+b&&c=%zz", "/a;b=c,d'e"])
async def test_the_path_and_the_query_arrive_as_they_were_sent(running: Balanced, path: str, source: str) -> None:
    answer = await running.raw(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["path"] == path


@documented("How Elastic Load Balancing works", "Elastic Load Balancing user guide")
async def test_repeated_headers_stay_apart_and_in_order(running: Balanced, source: str) -> None:
    pairs = [("X-A", "1"), ("Cookie", "a=b"), ("X-A", "2")]

    assert valued(await seen(running, pairs), "X-A") == ["1", "2"]


@documented("How Elastic Load Balancing works", "Elastic Load Balancing user guide")
async def test_a_body_with_a_length_arrives_with_it_and_one_in_chunks_in_chunks(running: Balanced, source: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    whole = json.loads((await running.ask("POST", data=b"one two")).body)
    chunked = json.loads((await running.ask("POST", data=pieces())).body)

    assert whole["body"] == chunked["body"] == "one two"
    assert valued(whole["headers"], "Content-Length") == ["7"]
    assert valued(chunked["headers"], "Transfer-Encoding") == ["chunked"]


@documented("How Elastic Load Balancing works, HTTP headers", "Elastic Load Balancing user guide")
async def test_a_client_that_waits_to_be_told_to_continue_is_told_at_once(running: Balanced, source: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S) == b"HTTP/1.1 100 Continue\r\n\r\n"

    writer.write(b"ok")
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()

    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["body"] == "ok"
    assert valued(told["headers"], "Expect") == []


@documented("How Elastic Load Balancing works", "Elastic Load Balancing user guide")
async def test_a_compressed_body_is_not_touched_in_either_direction(source: str) -> None:
    bodies: list[bytes] = []

    async def compressed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await reader.readexactly(4))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")

    async with balanced(Declared()) as running, scripted(compressed) as target:
        await running.add("web", target)
        answer = await running.raw(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n"
            b"Connection: close\r\n\r\nwxyz"
        )

    assert bodies == [b"wxyz"]
    assert answer.endswith(b"\r\n\r\nabc")
    assert b"content-encoding: gzip" in answer.lower()


@documented("How Elastic Load Balancing works, Keep-alive", "Elastic Load Balancing user guide")
async def test_connections_are_used_again_on_both_sides(source: str) -> None:
    connections: set[Any] = set()

    async def noted(request: web.Request) -> web.StreamResponse:
        connections.add(request.transport)
        return web.Response(text="ok")

    async with balanced(Declared()) as running, served(noted) as (_, target):
        await running.add("web", target)
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), PATIENCE_S)
        writer.close()

    assert len(connections) == 1


@documented("Edit attributes for your Application Load Balancer, HTTP client keep-alive duration")
async def test_a_connection_older_than_its_declared_life_gets_one_more_answer(source: str) -> None:
    now_s = [0.0]
    tempo = Tempo(pulse=Ticks(), clock=lambda: now_s[0])
    declared = Declared(default=fixed("200", "ok"), balancer={"client_keep_alive": 60})
    async with balanced(declared, tempo=tempo) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        young = await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), PATIENCE_S)
        now_s[0] = 61
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        old = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()

    assert b"connection:" not in young.lower()
    assert b"connection: close" in old.lower()


@documented("How Elastic Load Balancing works", "Elastic Load Balancing user guide")
async def test_each_piece_reaches_the_client_when_the_target_has_written_it(source: str) -> None:
    go_on = asyncio.Event()

    async def streamed(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(b"data: 1\n\n")
        await go_on.wait()
        await stream.write(b"data: 2\n\n")
        return stream

    async with balanced(Declared()) as running, served(streamed) as (_, target):
        await running.add("web", target)
        async with running.client.get(running.url) as response:
            first = await asyncio.wait_for(response.content.readany(), PATIENCE_S)
            go_on.set()
            rest = await asyncio.wait_for(response.content.read(), PATIENCE_S)

    assert (first, rest) == (b"data: 1\n\n", b"data: 2\n\n")


@documented("How Elastic Load Balancing works", "Elastic Load Balancing user guide")
async def test_each_piece_reaches_the_target_when_the_client_has_written_it(source: str) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def received(request: web.Request) -> web.StreamResponse:
        async for piece in request.content.iter_any():
            arrived.put_nowait(piece)
        return web.Response()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        assert await asyncio.wait_for(arrived.get(), PATIENCE_S) == b"one"
        yield b"two"

    async with balanced(Declared()) as running, served(received) as (_, target):
        await running.add("web", target)
        assert (await running.ask("POST", data=pieces())).status == 200

    assert arrived.get_nowait() == b"two"


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'),
    ],
)
@documented("How Elastic Load Balancing works", "Elastic Load Balancing user guide")
async def test_an_answer_without_a_body_has_none(method: str, answer: bytes, source: str) -> None:
    async def bodiless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with balanced(Declared()) as running, scripted(bodiless) as target:
        await running.add("web", target)
        got = await running.raw(f"{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())

    head, _, body = got.partition(b"\r\n\r\n")
    assert body == b""
    assert head.splitlines()[:2] == answer.splitlines()[:2]
    assert b"content-type" not in head.lower(), "the target sent none"


@documented("How Elastic Load Balancing works", "Elastic Load Balancing user guide")
async def test_the_target_s_status_reason_and_cookies_come_back_as_they_are(source: str) -> None:
    async def odd(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 299 Just Fine\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n"
            b"Connection: X-Own\r\nX-Own: 1\r\n\r\n"
        )

    async with balanced(Declared()) as running, scripted(odd) as target:
        await running.add("web", target)
        async with running.client.get(running.url) as answer:
            assert (answer.status, answer.reason) == (299, "Just Fine")
            assert answer.headers.getall("Set-Cookie") == ["a=b; Path=/", "c=d"]
            assert "X-Own" not in answer.headers
