"""WebSocket connections: after the handshake bytes go both ways, frames, pings and close codes untouched.

Source: Application Load Balancer user guide, "Listeners for your Application Load Balancers", WebSockets (read
2026-11-21).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import StreamWriter

from opencode_local.balancer.exchange import Exchange
from opencode_local.balancer.idling import Idling
from opencode_local.balancer.registrations import Target
from opencode_local.balancer.response_headers import RELAYED, relayed

BUFFER_BYTES = 2**16


class Bytes:
    """In place of the parser of frames that a connection gets after a handshake: keeps what comes as it is."""

    def __init__(self, connection: BaseProtocol) -> None:
        self.content = aiohttp.StreamReader(connection, BUFFER_BYTES, loop=asyncio.get_running_loop())

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.content.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        self.content.feed_eof()


async def tunnel(
    exchange: Exchange, upstream: aiohttp.ClientResponse, target: Target, idling: Idling
) -> web.StreamResponse:
    """Answers the handshake and returns when either side has closed. Raises TimeoutError when both are silent."""
    headers = relayed(upstream.raw_headers)
    headers.update({"Connection": "Upgrade", "Upgrade": "websocket"})
    answer = web.StreamResponse(status=101, reason=upstream.reason, headers=headers)
    answer[RELAYED] = headers
    answer.force_close()
    await exchange.begin(answer, target)
    connection = upstream.connection
    if connection is None or connection.protocol is None:
        raise aiohttp.ServerDisconnectedError
    to_target = StreamWriter(connection.protocol, asyncio.get_running_loop())
    from_target, from_client = Bytes(connection.protocol), Bytes(exchange.request.protocol)
    connection.protocol.set_parser(from_target, from_target.content)
    # Its signature names the one parser that aiohttp itself uses.
    exchange.request.protocol.set_parser(cast(Any, from_client))
    await first_of(
        carry(from_client, to_target.write, idling),
        carry(from_target, answer.write, idling),
    )
    return answer


async def carry(source: Bytes, write: Callable[[bytes], Awaitable[None]], idling: Idling) -> None:
    async for piece in source.content.iter_any():
        await write(piece)
        idling.moved()


async def first_of(*directions: Awaitable[None]) -> None:
    """Returns with the first that ends: when one side has closed, nothing reaches it any more."""
    tasks = [asyncio.ensure_future(direction) for direction in directions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
