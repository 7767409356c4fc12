"""Several processes behind one port, as a container with several CPUs runs them."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import psutil
import pytest

from opencode_local.bedrock import BedrockStandIn, Fault
from opencode_local.ports import free_port
from tests.router.asking import WAYS
from tests.router.running import World
from tests.router.test_process import environment, line_with
from tests.tables import USAGE_TABLE

WORKERS = 2
MOST_TRIES = 60
"""The kernel draws a worker for each connection: one that none of these reach is not listening."""
WAY = WAYS[0]


@dataclass(frozen=True)
class Crew:
    """A parent and its workers, all listening."""

    parent: asyncio.subprocess.Process
    port: int
    metrics_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.parent.pid).children()

    async def metric(self, name: str) -> list[int]:
        """One number for each worker."""
        async with aiohttp.ClientSession() as client:
            pages = [await text(client, f"http://127.0.0.1:{self.metrics_port + n}/metrics") for n in range(WORKERS)]
        found = [re.search(rf"^{re.escape(name)} ([0-9.]+)$", page, re.MULTILINE) for page in pages]
        return [int(float(match[1])) if match else 0 for match in found]


async def text(client: aiohttp.ClientSession, url: str) -> str:
    """Over a connection of its own."""
    async with client.get(url, headers={"Connection": "close"}) as response:
        assert response.status == 200
        return await response.text()


def free_ports_in_a_row() -> int:
    """The first of as many free ports as there are workers."""
    while True:
        first = free_port(0)
        if [free_port(first + n) for n in range(WORKERS)] == list(range(first, first + WORKERS)):
            return first


@asynccontextmanager
async def crew(world: World, **changes: str) -> AsyncIterator[Crew]:
    port, metrics_port = free_port(0), free_ports_in_a_row()
    variables = {**environment(world, port, metrics_port), "PROCESSES": str(WORKERS), **changes}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "opencode_router", env=variables, stdout=asyncio.subprocess.PIPE
    )
    try:
        for _ in range(WORKERS):
            await line_with(parent, "listening")
        yield Crew(parent, port, metrics_port)
    finally:
        if parent.returncode is None:
            parent.kill()
        await parent.communicate()


async def test_connections_are_shared_out_and_every_worker_counts_its_own(world: World) -> None:
    health = 'router_responses_total{route="/health",status="200"}'
    async with crew(world) as running, aiohttp.ClientSession() as client:
        for _ in range(MOST_TRIES):
            await text(client, f"{running.url}/health")
        counts = await running.metric(health)

    assert all(counts), counts
    assert sum(counts) == MOST_TRIES


async def test_sigterm_to_the_parent_lets_the_answers_of_every_worker_finish(
    world: World, bedrock: BedrockStandIn, as_ada: Mapping[str, str]
) -> None:
    bedrock.order(*(Fault(kind="stall", after_events=6) for _ in range(MOST_TRIES)))
    as_new = {**as_ada, "Connection": "close"}
    async with crew(world, DRAIN_S="20") as running, aiohttp.ClientSession(running.url, headers=as_new) as client:
        async with AsyncExitStack() as opened:
            answers: list[aiohttp.ClientResponse] = []
            while not all(await running.metric("router_open_calls")):
                assert len(answers) < MOST_TRIES
                answers.append(await opened.enter_async_context(client.post(WAY.path, json=WAY.body(stream=True))))
                await answers[-1].content.readany()
            running.parent.send_signal(signal.SIGTERM)
            for _ in range(WORKERS):
                await line_with(running.parent, "draining")
            bedrock.release()
            ends = [await answer.read() for answer in answers]
        status = await asyncio.wait_for(running.parent.wait(), 20)

    assert all(end.endswith(WAY.end) for end in ends)
    assert status == 0
    for answer in answers:
        key = {"request_id": {"S": answer.headers["x-request-id"]}}
        item = world.aws.dynamodb().get_item(TableName=USAGE_TABLE, Key=key)["Item"]
        assert item["outcome"]["S"] == "finished"


async def test_a_worker_that_is_killed_is_replaced_later_each_time(world: World) -> None:
    pauses_s = []
    async with crew(world) as running, aiohttp.ClientSession() as client:
        victims = []
        for _ in range(3):
            victims.append(max(running.workers(), key=lambda worker: worker.create_time()))
            victims[-1].kill()
            ended = await line_with(running.parent, "worker ended")
            assert ended["status"] == -signal.SIGKILL
            pauses_s.append(ended["pause_s"])
            await line_with(running.parent, "listening")
        workers = running.workers()
        await text(client, f"{running.url}/health")

    assert pauses_s == [0.1, 0.2, 0.4]
    assert len(workers) == WORKERS
    assert set(victims).isdisjoint(workers)


async def test_sigterm_before_a_worker_is_replaced_ends_the_others_and_starts_no_more(world: World) -> None:
    async with crew(world) as running:
        running.workers()[0].kill()
        await line_with(running.parent, "worker ended")
        running.parent.send_signal(signal.SIGTERM)
        said, _ = await asyncio.wait_for(running.parent.communicate(), 20)

    assert running.parent.returncode == 0
    assert said.count(b'"message":"draining"') == WORKERS - 1
    assert b'"message":"listening"' not in said


async def test_workers_do_not_outlive_a_parent_that_is_killed(world: World) -> None:
    async with crew(world) as running:
        workers = running.workers()
        running.parent.kill()
        for _ in range(WORKERS):
            await line_with(running.parent, "draining")
    _, alive = await asyncio.to_thread(psutil.wait_procs, workers, timeout=20)

    assert alive == []


@pytest.mark.parametrize("taken", ["PORT", "the second METRICS_PORT"])
async def test_a_start_in_which_one_worker_fails_ends_them_all_with_the_reason(world: World, taken: str) -> None:
    port, metrics_port = free_port(0), free_ports_in_a_row()
    in_use = port if taken == "PORT" else metrics_port + 1
    with socket.socket() as other:
        other.bind(("127.0.0.1", in_use))
        other.listen()
        parent = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "opencode_router",
            env={**environment(world, port, metrics_port), "PROCESSES": str(WORKERS)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, complaint = await asyncio.wait_for(parent.communicate(), 20)

    assert parent.returncode == 1
    assert f"opencode-router: [Errno 98] error while attempting to bind on address ('127.0.0.1', {in_use})" in (
        complaint.decode()
    )
    assert b"Traceback" not in complaint


async def test_a_wrong_catalogue_stops_the_start_of_several_processes_too(world: World) -> None:
    wrong = {"PROCESSES": "2", "CATALOGUE_OVERLAY": "[models.claude-sonnet-4-6]\nname = 5"}
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "opencode_router",
        env={**environment(world, free_port(0), free_ports_in_a_row()), **wrong},
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await asyncio.wait_for(parent.communicate(), 20)

    assert parent.returncode == 1
    assert b"claude-sonnet-4-6" in complaint
    assert b"Traceback" not in complaint
