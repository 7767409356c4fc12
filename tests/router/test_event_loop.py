"""Nothing blocks the event loop: asyncio's own detection of slow callbacks, in a real process under load."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

from opencode_local.bedrock import BedrockStandIn
from opencode_local.ports import free_port
from tests.router.asking import WAYS
from tests.router.running import World
from tests.router.test_process import environment, line_with

SLOW_CALLBACK_S = 0.05
WATCHED = f"""
import asyncio, os
from opencode_router.server import serve
from opencode_router.logs import log_to_stdout
from opencode_router.settings import Settings

async def watched():
    asyncio.get_running_loop().slow_callback_duration = {SLOW_CALLBACK_S}
    await serve(Settings.load(os.environ))

log_to_stdout("INFO")
asyncio.run(watched(), debug=True)
"""
ROUNDS = 5
"""A call that blocks does so in every round; a process that the machine held up for a moment does not."""
REQUESTS = 40
LONG_TEXT = "a sentence of a long conversation. " * 20_000


@asynccontextmanager
async def watched_process(world: World) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    port = free_port(0)
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WATCHED,
        env={**environment(world, port, free_port(0)), "PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    try:
        await line_with(running, "listening")
        yield running, f"http://127.0.0.1:{port}"
    finally:
        if running.returncode is None:
            running.terminate()
        await running.communicate()


async def slow_callbacks(running: asyncio.subprocess.Process, settled: int) -> list[str]:
    """What asyncio complained of until `settled` requests had left their record."""
    assert running.stdout is not None
    slow: list[str] = []
    while settled:
        line = (await running.stdout.readline()).decode()
        settled -= '"message":"usage"' in line
        if '"logger":"asyncio"' in line and "took" in line:
            slow.append(line)
    return slow


async def one(client: aiohttp.ClientSession, number: int) -> None:
    way = WAYS[number % len(WAYS)]
    text = LONG_TEXT if number % 5 == 0 else "say 20 words"
    async with client.post(way.path, json=way.body(text, stream=number % 2 == 0)) as response:
        assert response.status == 200, await response.text()
        await response.read()


async def test_no_callback_holds_the_loop_for_long_under_load(
    world: World, bedrock: BedrockStandIn, as_ada: Mapping[str, str]
) -> None:
    found: list[list[str]] = []
    async with watched_process(world) as (running, url), aiohttp.ClientSession(url, headers=as_ada) as client:
        await one(client, 1)
        await slow_callbacks(running, 1)
        for _ in range(ROUNDS):
            await asyncio.gather(*(one(client, number) for number in range(REQUESTS)))
            found.append(await slow_callbacks(running, REQUESTS))
            if not found[-1]:
                return

    raise AssertionError(f"slow callbacks in every round: {found[-1]}")
