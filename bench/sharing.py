"""`make bench-share`: how soon 200 people who watch a shared session see what is added to it, on the local cloud.

Delivery is counted from the moment at which the writer sends a batch to that at which a watcher has it: signing in is
the only part of the way that is left out, since anyone with the link may see this share. What a frame holds comes with
it; of a larger batch the frame only says that it is there, and each watcher asks for it as the page does, after a pause
of its own. Asserts nothing.
"""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bench.figures import Bar, Figure, held_against, milliseconds, table
from bench.first_answer import ready
from opencode_local.run.run_file import RUN_FILE

VIEWERS = 200
BATCHES = 30
WARM_UP = 3
PAUSE_S = 0.5
"""A share takes 30 batches in 10 s."""
TEXT = "The quick brown fox jumps over the lazy dog. " * 20
LARGE_TEXT = TEXT * 114
"""100 kB."""
LARGE_BATCHES = 3
PAGE_PAUSE_S = 0.5
"""At most, as in functions/share_sessions/assets/feed.js; twice that before each further try."""
NO_TIME = 502
"""What a load balancer says when Lambda has as many requests as it takes at once: locally 10."""
PATIENCE_S = 10
"""For a frame: the service takes 3 s at most to write one to all, and whoever is left out sees the gap at the next."""
PERCENTILES = {50: None, 95: Bar(bar=0.5, goal=0.3, shown=milliseconds), 99: None}


@dataclass(frozen=True)
class Watched:
    """A share with all its watchers."""

    client: aiohttp.ClientSession
    url: str
    share: Any
    sockets: Sequence[aiohttp.ClientWebSocketResponse]


Hear = Callable[[Watched, aiohttp.ClientWebSocketResponse], Awaitable[float]]
"""Gives the moment at which a watcher has a batch, or infinity when it was not told; raises TimeoutError when it has
to be."""


class Loopback(AbstractResolver):
    """Names below localhost are this machine: browsers know, and not every system does."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0),
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def main() -> None:
    async with cloud() as run, aiohttp.ClientSession(connector=connector()) as client:
        url = run["outputs"]["sharing_url"]
        share = await made(client, url, run["api_key"])
        sockets = [await watching(client, url, share["id"]) for _ in range(VIEWERS)]
        sys.stderr.write(f"{VIEWERS} watch\n")
        watched = Watched(client, url, share, sockets)
        small = [await delivered(watched, number, TEXT, heard) for number in range(WARM_UP + BATCHES)]
        print(f"{VIEWERS} watchers of one share, {BATCHES} batches of one message, {os.cpu_count()} cores.\n")
        print(table(figures(small[WARM_UP:])), flush=True)
        large = [await delivered(watched, number, LARGE_TEXT, asked) for number in range(LARGE_BATCHES)]
    print(f"\nThe same with {LARGE_BATCHES} batches of {len(LARGE_TEXT) // 1000} kB, which every watcher asks for.\n")
    print(table(spread("from sync to state", large)))
    print(f"\n{len(missed(large))} of {VIEWERS * LARGE_BATCHES} frames did not come.")


def connector() -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(limit=0, resolver=Loopback())


def figures(rounds: Sequence[Sequence[float]]) -> list[Figure]:
    """Of the delays in seconds, and when each batch's first and last watcher had it: before lies the writing."""
    hundredths = hundredths_of(rounds)
    return [
        *(percentile(each, bar, hundredths[each - 1]) for each, bar in PERCENTILES.items()),
        Figure(what="first watcher, median", value=median(map(min, rounds)), shown=milliseconds),
        Figure(what="last watcher, median", value=median(map(max, rounds)), shown=milliseconds),
    ]


def spread(what: str, rounds: Sequence[Sequence[float]]) -> list[Figure]:
    """Of the delays in seconds, with nothing that they are held against."""
    hundredths = hundredths_of(rounds)
    return [Figure(what=f"{what}, p{each}", value=hundredths[each - 1], shown=milliseconds) for each in PERCENTILES]


def hundredths_of(rounds: Sequence[Sequence[float]]) -> list[float]:
    return quantiles([delay_s for one in rounds for delay_s in one if delay_s < inf], n=100)


def missed(rounds: Sequence[Sequence[float]]) -> list[float]:
    return [delay_s for one in rounds for delay_s in one if delay_s == inf]


def percentile(each: int, bar: Bar | None, value_s: float) -> Figure:
    what = f"from sync to frame, p{each}"
    return held_against(bar, what, value_s, "") if bar else Figure(what=what, value=value_s, shown=milliseconds)


@asynccontextmanager
async def cloud() -> AsyncIterator[Any]:
    """`make up` in an empty folder; gives what it says of itself. Raises BenchFailed when it does not come up."""
    with tempfile.TemporaryDirectory() as folder:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "opencode_local", "up", cwd=folder, stdout=asyncio.subprocess.PIPE
        )
        try:
            await ready(running)
            yield json.loads((Path(folder) / RUN_FILE).read_text())
        finally:
            if running.returncode is None:
                running.send_signal(signal.SIGTERM)
            await running.communicate()


async def made(client: aiohttp.ClientSession, url: str, api_key: str) -> Any:
    headers = {"Authorization": f"Bearer {api_key}"}
    sent = {"sessionID": "ses_bench", "visibility": "link"}
    async with client.post(f"{url}/api/share", json=sent, headers=headers) as response:
        response.raise_for_status()
        return await response.json()


async def watching(client: aiohttp.ClientSession, url: str, share_id: str) -> aiohttp.ClientWebSocketResponse:
    async with client.get(f"{url}/share/{share_id}/state", params={"after": "0"}) as response:
        response.raise_for_status()
        live = (await response.json())["live"]
    return await client.ws_connect(live["url"], params={"ticket": live["ticket"]})


async def delivered(watched: Watched, number: int, text: str, hear: Hear) -> list[float]:
    """How long one batch took to each watcher, in seconds."""
    message = {"type": "message", "data": {"id": f"msg_{number:04d}", "role": "assistant", "text": text}}
    sent = {"secret": watched.share["secret"], "data": [message]}
    begun_s = time.perf_counter()
    hearing = [asyncio.ensure_future(hear(watched, one)) for one in watched.sockets]
    async with watched.client.post(f"{watched.url}/api/share/{watched.share['id']}/sync", json=sent) as response:
        response.raise_for_status()
    ended_s = await asyncio.gather(*hearing)
    await asyncio.sleep(PAUSE_S)
    return [each_s - begun_s for each_s in ended_s]


async def heard(_: Watched, one: aiohttp.ClientWebSocketResponse) -> float:
    await one.receive_str(timeout=PATIENCE_S)
    return time.perf_counter()


async def asked(watched: Watched, one: aiohttp.ClientWebSocketResponse) -> float:
    """For what the frame does not hold. Raises ValueError when it holds it."""
    try:
        frame = json.loads(await one.receive_str(timeout=PATIENCE_S))
    except TimeoutError:
        return inf
    if "items" in frame:
        raise ValueError("the batch is too small to be asked for")
    most_s = PAGE_PAUSE_S
    while not await is_told(watched, frame["sequence"] - 1, pause_s=random.uniform(0, most_s)):  # noqa: S311  no secret
        most_s *= 2
    return time.perf_counter()


async def is_told(watched: Watched, after: int, *, pause_s: float) -> bool:
    """Whether the service had the time."""
    await asyncio.sleep(pause_s)
    query = {"after": str(after), "live": "0"}
    async with watched.client.get(f"{watched.url}/share/{watched.share['id']}/state", params=query) as response:
        await response.read()
    if response.status == NO_TIME:
        return False
    response.raise_for_status()
    return True


if __name__ == "__main__":
    asyncio.run(main())
