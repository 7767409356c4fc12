"""A service under load: rolled out anew, scaled by hand, and with a task killed."""

import asyncio
import os
import signal
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

STREAMS = 50
KILLED_STREAMS = 20
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


async def test_a_new_version_takes_over_without_a_failed_request_or_a_cut_stream(running: Running) -> None:
    before = await running_tasks(running)
    async with loaded_client(running) as client, steady_requests(client) as requests:
        async with held_streams(running, client, STREAMS) as streams:
            running.aws("ecs").update_service(**service_of(running), forceNewDeployment=True)
            await until(lambda: replaced(running, before))
        await until(lambda: gone(running, before))

    assert requests.failures == streams.failures == []
    assert set(requests.statuses) == set(streams.statuses) == {200}
    assert all("[DONE]" in text for text in streams.texts)
    assert len(streams.texts) == STREAMS
    everything = [*requests.ids, *streams.ids]
    await until(lambda: all_settled(running, everything))
    records = usage_by_id(running)
    assert {records[id_]["outcome"] for id_ in everything} == {"finished"}
    assert len(set(everything)) == len(everything), "one record each"


async def replaced(running: Running, before: set[str]) -> bool:
    """As many new tasks run, and the old ones take no more requests."""
    now = await running_tasks(running)
    return len(now - before) >= len(before) and not now & before


async def gone(running: Running, before: set[str]) -> bool:
    return not {one.name for one in await tasks(running)} & before


async def test_a_killed_task_takes_only_its_own_streams_along_and_what_is_lost_is_named(running: Running) -> None:
    async with loaded_client(running) as client:
        async with held_streams(running, client, KILLED_STREAMS) as streams:
            victim = (await tasks(running))[0]
            os.kill(pid_of(victim), signal.SIGKILL)
            await until(lambda: has_failures(streams))
            cut_before_release = len(streams.failures)
        assert 0 < cut_before_release < KILLED_STREAMS
        assert len(streams.texts) + len(streams.failures) == KILLED_STREAMS
        assert all("[DONE]" in text for text in streams.texts), "those of the other task are whole"
        await until(lambda: settled_or_lost(running, streams.ids))
        await until(lambda: is_steady(running))
        async with client.get("/v1/models") as response:
            assert response.status == 200


def pid_of(task: Status) -> int:
    return int(task.detail.partition("pid ")[2].split()[0].rstrip(","))


async def has_failures(answers: Answers) -> bool:
    return bool(answers.failures)


async def settled_or_lost(running: Running, ids: Sequence[str]) -> bool:
    """The ids that were lost are told where the run tells everything."""
    settled = (await asyncio.to_thread(usage_by_id, running)).keys()
    return all(id_ in settled or id_ in running.printed for id_ in ids)


async def is_steady(running: Running) -> bool:
    return len(await running_tasks(running)) == 2


async def test_a_service_follows_what_the_ecs_api_is_told(running: Running) -> None:
    running.aws("ecs").update_service(**service_of(running), desiredCount=1)

    await until(lambda: has_tasks(running, 1))


async def has_tasks(running: Running, count: int) -> bool:
    return len(await tasks(running)) == count
