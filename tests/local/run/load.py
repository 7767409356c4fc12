"""A service under load, and what is seen of its tasks and records meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from opencode_local.run.control import status_of
from opencode_local.run.guide import CHAT_MODEL
from opencode_local.status import Status
from tests.local.run.running import Running
from tests.router.running import plain

REQUESTS_PER_S = 20
PATIENCE_S = 90
POLL_S = 0.2
LONG = "Please go on.\nsay 40 words"


def body(text: str, *, stream: bool) -> dict[str, Any]:
    return {"model": CHAT_MODEL, "stream": stream, "messages": [{"role": "user", "content": text}]}


@dataclass
class Answers:
    """What callers got, and the ids by which their requests are recorded."""

    statuses: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def ask(self, client: aiohttp.ClientSession, text: str, *, stream: bool) -> None:
        try:
            async with client.post("/v1/chat/completions", json=body(text, stream=stream)) as response:
                self.statuses.append(response.status)
                self.ids.append(response.headers.get("x-request-id", ""))
                self.texts.append(await response.text())
        except aiohttp.ClientError as error:
            self.failures.append(f"{type(error).__name__}: {error}")


@asynccontextmanager
async def held_streams(running: Running, client: aiohttp.ClientSession, count: int) -> AsyncIterator[Answers]:
    """So many streams that have begun and stand still until the block is left; then they are read to their end."""
    stand_in, answers = running.run.bedrock_url, Answers()
    orders = [{"kind": "stall", "after_events": 2}] * count
    async with aiohttp.ClientSession(stand_in, raise_for_status=True) as bedrock:
        await bedrock.delete("/_standin/orders")
        await bedrock.post("/_standin/orders", json=orders)
        reading = [asyncio.create_task(answers.ask(client, LONG, stream=True)) for _ in range(count)]
        await until(lambda: begun(answers, count))
        try:
            yield answers
        finally:
            await bedrock.post("/_standin/release")
            await asyncio.gather(*reading)


async def begun(answers: Answers, count: int) -> bool:
    return len(answers.statuses) + len(answers.failures) == count


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Another process works towards it: there is nothing to wait on."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110  what changes is in another process
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def steady_requests(client: aiohttp.ClientSession) -> AsyncIterator[Answers]:
    """A request every twentieth of a second, none of them waiting for another."""
    answers, pending = Answers(), set[asyncio.Task[None]]()

    async def send() -> None:
        while True:
            one = asyncio.create_task(answers.ask(client, "Say hello", stream=False))
            pending.add(one)
            one.add_done_callback(pending.discard)
            await asyncio.sleep(1 / REQUESTS_PER_S)

    sending = asyncio.create_task(send())
    try:
        yield answers
    finally:
        sending.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def loaded_client(running: Running) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        running.url,
        headers=running.as_key,
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
    )


async def tasks(running: Running) -> list[Status]:
    return [one for one in await statuses(running) if one.kind == "task"]


async def statuses(running: Running) -> list[Status]:
    return await status_of(running.run)


async def running_tasks(running: Running) -> set[str]:
    return {one.name for one in await tasks(running) if one.state == "RUNNING"}


def service_of(running: Running) -> dict[str, str]:
    ecs = running.aws("ecs")
    cluster = ecs.list_clusters()["clusterArns"][0]
    return {"cluster": cluster, "service": ecs.list_services(cluster=cluster)["serviceArns"][0]}


def usage_by_id(running: Running) -> dict[str, dict[str, Any]]:
    dynamodb = running.aws("dynamodb")
    table = next(name for name in dynamodb.list_tables()["TableNames"] if "-usage-" in name)
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    items = [{name: plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]
    return {str(item["request_id"]): item for item in items}


async def all_settled(running: Running, ids: Sequence[str]) -> bool:
    return set(ids) <= (await asyncio.to_thread(usage_by_id, running)).keys()
