"""WebSocket connections through the load balancer."""

import asyncio

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from opencode_local.balancer.tempo import Tempo
from tests.local.balancer.running import PATIENCE_S, Declared, Ticks, balanced, documented, echoed, served

SOCKETS = "Listeners for your Application Load Balancers, WebSockets"


async def talks(request: web.Request) -> web.StreamResponse:
    """Repeats what it hears; on `bye` it closes with a code of its own."""
    socket = web.WebSocketResponse(protocols=("chat",), autoping=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.data == "bye":
            await socket.close(code=4001, message=b"enough")
        elif message.data == "headers":
            await socket.send_str(request.headers["X-Forwarded-For"])
        else:
            await socket.send_str(message.data)
    return socket


@documented(SOCKETS)
async def test_messages_go_both_ways_whatever_their_size(source: str) -> None:
    async with balanced(Declared()) as running, served(talks) as (_, target):
        await running.add("web", target)
        async with running.client.ws_connect(running.url, protocols=("chat",), compress=15) as socket:
            await socket.send_str("hello")
            assert await socket.receive_str(timeout=PATIENCE_S) == "hello"
            await socket.send_bytes(bytes(300_000))
            assert await socket.receive_bytes(timeout=PATIENCE_S) == bytes(300_000)
            await socket.send_str("headers")
            assert await socket.receive_str(timeout=PATIENCE_S) == "127.0.0.1"
            assert socket.protocol == "chat"
            assert socket.compress, "extensions are between client and target"


@documented(SOCKETS)
async def test_pings_pongs_and_close_codes_pass_through(source: str) -> None:
    async with balanced(Declared()) as running, served(talks) as (_, target):
        await running.add("web", target)
        async with running.client.ws_connect(running.url, autoping=False) as socket:
            await socket.ping(b"ask")
            pong = await socket.receive(timeout=PATIENCE_S)
            await socket.send_str("bye")
            closing = await socket.receive(timeout=PATIENCE_S)

    assert (pong.type, pong.data) == (WSMsgType.PONG, b"ask")
    assert (closing.type, closing.data, closing.extra) == (WSMsgType.CLOSE, 4001, "enough")


@documented(SOCKETS)
async def test_a_target_that_takes_no_websocket_answers_as_it_likes(source: str) -> None:
    async with balanced(Declared()) as running, served(echoed) as (_, target):
        await running.add("web", target)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await running.client.ws_connect(running.url)

    assert refused.value.status == 200


@documented("Edit attributes for your Application Load Balancer, Connection idle timeout")
async def test_a_websocket_that_is_silent_for_the_idle_timeout_is_closed(source: str) -> None:
    async with (
        balanced(Declared(), tempo=Tempo(pulse=Ticks(), second_s=0.005)) as running,
        served(talks) as (_, target),
    ):
        await running.add("web", target)
        async with running.client.ws_connect(running.url) as socket:
            message = await socket.receive(timeout=PATIENCE_S)

    assert message.type is WSMsgType.CLOSED


@documented("Edit target group attributes for your Application Load Balancer, Deregistration delay")
async def test_a_websocket_is_an_open_request_of_its_target(source: str) -> None:
    async with balanced(Declared()) as running, served(talks) as (_, target):
        await running.add("web", target)
        async with running.client.ws_connect(running.url) as socket:
            leaving = asyncio.create_task(running.groups["web"].deregister(target))
            await socket.send_str("still here")
            assert await socket.receive_str(timeout=PATIENCE_S) == "still here"
            assert not leaving.done()
        await asyncio.wait_for(leaving, PATIENCE_S)


@documented(SOCKETS)
async def test_when_the_client_goes_the_target_s_side_ends(source: str) -> None:
    ended = asyncio.Event()

    async def noted(request: web.Request) -> web.StreamResponse:
        try:
            return await talks(request)
        finally:
            ended.set()

    async with balanced(Declared()) as running, served(noted) as (_, target):
        await running.add("web", target)
        socket = await running.client.ws_connect(running.url)
        await socket.send_str("a")
        await socket.receive_str(timeout=PATIENCE_S)
        await socket.close()

        await asyncio.wait_for(ended.wait(), PATIENCE_S)
