"""`make bench-share`: how soon 200 people who watch a shared session see what is added to it, on the local cloud.

Delivery is counted from the moment at which the writer sends a batch to that at which a watcher has its frame: signing
in is the only part of the way that is left out, since anyone with the link may see this share. Asserts nothing.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
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
PERCENTILES = {50: None, 95: Bar(bar=0.5, goal=0.3, shown=milliseconds), 99: None}


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
        rounds = [await delivered(client, url, share, sockets, number) for number in range(WARM_UP + BATCHES)]
    counted = rounds[WARM_UP:]
    print(f"{VIEWERS} watchers of one share, {BATCHES} batches of one message, {os.cpu_count()} cores.\n")
    print(table(figures(counted)))


def connector() -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(limit=0, resolver=Loopback())


def figures(rounds: Sequence[Sequence[float]]) -> list[Figure]:
    """Of the delays in seconds, and when each batch's first and last watcher had it: before lies the writing."""
    hundredths = quantiles([delay_s for one in rounds for delay_s in one], n=100)
    return [
        *(percentile(each, bar, hundredths[each - 1]) for each, bar in PERCENTILES.items()),
        Figure(what="first watcher, median", value=median(map(min, rounds)), shown=milliseconds),
        Figure(what="last watcher, median", value=median(map(max, rounds)), shown=milliseconds),
    ]


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


async def delivered(
    client: aiohttp.ClientSession,
    url: str,
    share: Any,
    sockets: Sequence[aiohttp.ClientWebSocketResponse],
    number: int,
) -> list[float]:
    """How long one batch took to each watcher, in seconds."""
    message = {"type": "message", "data": {"id": f"msg_{number:04d}", "role": "assistant", "text": TEXT}}
    sent = {"secret": share["secret"], "data": [message]}
    begun_s = time.perf_counter()
    hearing = [asyncio.create_task(heard(one)) for one in sockets]
    async with client.post(f"{url}/api/share/{share['id']}/sync", json=sent) as response:
        response.raise_for_status()
    ended_s = await asyncio.gather(*hearing)
    await asyncio.sleep(PAUSE_S)
    return [each_s - begun_s for each_s in ended_s]


async def heard(one: aiohttp.ClientWebSocketResponse) -> float:
    await one.receive_str()
    return time.perf_counter()


if __name__ == "__main__":
    asyncio.run(main())
