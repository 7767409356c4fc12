"""How Bedrock is reached: signed either way, over few connections, for many callers at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from yarl import URL

from opencode_local.aws import CREDENTIALS
from opencode_local.bedrock import BedrockStandIn, Fault
from opencode_router.settings import BedrockAuth
from tests.router.asking import WAYS, Way, ask
from tests.router.running import Router, World, running_router

STREAMS = 64


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("text", ["hello", "a long text " * 200_000], ids=["short", "2 MB"])
async def test_requests_can_be_signed_with_sigv4_over_their_body(
    world: World, as_ada: dict[str, str], way: Way, text: str
) -> None:
    strict = BedrockStandIn(secret_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
    await strict.start()
    async with running_router(replace(world, bedrock=strict), bedrock_auth=BedrockAuth.SIGV4) as router:
        answer = await ask(router, way, as_ada, messages=[{"role": "user", "content": text}])
    await strict.stop()

    assert answer.status == 200, answer.body
    assert strict.calls[-1].surface == way.surface


async def test_many_streams_are_open_at_once_and_delay_nobody_else(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], jwt: str
) -> None:
    bedrock.order(*[Fault(kind="stall", after_events=6)] * STREAMS)
    ways = [WAYS[number % len(WAYS)] for number in range(STREAMS)]
    streams = [
        await router.client.post(way.path, json=way.body(stream=True), headers=as_ada)
        for way in ways  # the next is asked only when this one has begun
    ]
    async with router.client.get("/v1/api-keys", headers={"Authorization": f"Bearer {jwt}"}) as response:
        assert response.status == 200
    assert router.gateway.slots.taken == STREAMS
    bedrock.release()

    bodies = await asyncio.gather(*(stream.read() for stream in streams))

    assert all(way.end in body for way, body in zip(ways, bodies, strict=True))


@asynccontextmanager
async def counting_proxy(target: str) -> AsyncIterator[tuple[str, list[int]]]:
    """A TCP proxy before `target`; the list grows by one with every connection."""
    connections: list[int] = []
    url = URL(target)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        upstream_reader, upstream_writer = await asyncio.open_connection(url.host, url.port)
        await asyncio.gather(copy(reader, upstream_writer), copy(upstream_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", connections
    server.close()


async def test_one_connection_serves_calls_that_follow_each_other(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    async with (
        counting_proxy(bedrock.url) as (url, connections),
        running_router(world, bedrock_runtime_url=url, bedrock_mantle_url=url) as router,
    ):
        for number in range(20):
            answer = await ask(router, WAYS[number % len(WAYS)], as_ada, stream=number % 2 == 0)
            assert answer.status == 200, answer.body

    assert len(connections) == 1


async def test_a_bedrock_that_cannot_be_reached_is_a_502_in_the_callers_shape(
    world: World, as_ada: dict[str, str]
) -> None:
    nowhere = "http://127.0.0.1:1"
    async with running_router(world, bedrock_runtime_url=nowhere, bedrock_mantle_url=nowhere) as router:
        answers = [await ask(router, way, as_ada, stream=True) for way in WAYS]

    assert [answer.status for answer in answers] == [502] * len(WAYS)
