"""The process as a container runs it: `python -m opencode_router`, signals, settings, log lines, metrics."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from opencode_local.aws import REGION
from opencode_local.bedrock import BedrockStandIn, Fault
from opencode_local.issuer import CLI_CLIENT_ID
from opencode_local.ports import free_port
from tests.router.asking import WAYS
from tests.router.running import World
from tests.tables import KEYS_TABLE, USAGE_TABLE


def environment(world: World, port: int, metrics_port: int) -> dict[str, str]:
    return {**os.environ, **settings(world, port, metrics_port)}


def settings(world: World, port: int, metrics_port: int) -> dict[str, str]:
    return {
        "AWS_REGION": REGION,
        "OIDC_ISSUER": world.issuer.url,
        "OIDC_AUDIENCES": CLI_CLIENT_ID,
        "KEYS_TABLE": KEYS_TABLE,
        "USAGE_TABLE": USAGE_TABLE,
        "BEDROCK_RUNTIME_URL": world.bedrock.url,
        "BEDROCK_MANTLE_URL": world.bedrock.url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "METRICS_PORT": str(metrics_port),
        "DRAIN_S": "1",
    }


@asynccontextmanager
async def process(world: World, **changes: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str]]:
    """A router process that listens, its URL and its metrics URL."""
    port, metrics_port = free_port(0), free_port(0)
    variables = {**environment(world, port, metrics_port), **changes}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "opencode_router", env=variables, stdout=asyncio.subprocess.PIPE
    )
    try:
        await line_with(running, "listening")
        yield running, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics_port}/metrics"
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def line_with(running: asyncio.subprocess.Process, message: str) -> dict[str, Any]:
    """The next log line with this message. Every line must be JSON."""
    assert running.stdout is not None
    async with asyncio.timeout(20):
        while line := await running.stdout.readline():
            fields = json.loads(line)
            if fields["message"] == message:
                return dict(fields)
    raise AssertionError(f"the process ended without saying {message!r}")


async def test_sigterm_lets_an_answer_finish_and_then_the_process_ends_well(
    world: World, bedrock: BedrockStandIn, as_ada: Mapping[str, str]
) -> None:
    bedrock.order(Fault(kind="stall", after_events=6))
    async with process(world, DRAIN_S="20") as (running, url, _), aiohttp.ClientSession(url, headers=as_ada) as client:
        async with client.post(WAYS[3].path, json=WAYS[3].body(stream=True)) as response:
            await response.content.readany()
            running.send_signal(signal.SIGTERM)
            accepted = await line_with(running, "accepted")
            await line_with(running, "draining")
            bedrock.release()
            rest = await response.read()
        usage = await line_with(running, "usage")
        code = await asyncio.wait_for(running.wait(), 20)

    assert rest.endswith(b"data: [DONE]\n\n")
    assert usage["outcome"] == "finished"
    assert usage["request_id"] == accepted["request_id"]
    assert code == 0


async def test_sigterm_ends_an_endless_answer_at_the_deadline_with_an_error_and_a_record(
    world: World, bedrock: BedrockStandIn, as_ada: Mapping[str, str]
) -> None:
    bedrock.order(Fault(kind="stall", after_events=6))
    async with process(world, DRAIN_S="0.2") as (running, url, _), aiohttp.ClientSession(url, headers=as_ada) as client:
        async with client.post(WAYS[1].path, json=WAYS[1].body(stream=True)) as response:
            await response.content.readany()
            running.send_signal(signal.SIGTERM)
            rest = await response.read()
            request_id = response.headers["request-id"]
        assert await asyncio.wait_for(running.wait(), 20) == 0

    item = world.aws.dynamodb().get_item(TableName=USAGE_TABLE, Key={"request_id": {"S": request_id}})["Item"]
    assert b"event: error" in rest
    assert item["outcome"]["S"] == "shutdown"


async def test_metrics_are_served_on_a_port_of_their_own(world: World, bedrock: BedrockStandIn, api_key: str) -> None:
    as_key = {"x-api-key": api_key}
    async with process(world) as (_, url, metrics_url), aiohttp.ClientSession(headers=as_key) as client:
        await client.post(f"{url}{WAYS[0].path}", json=WAYS[0].body())
        async with client.get(metrics_url) as response:
            exposition = await response.text()
        async with client.get(f"{url}/metrics") as response:
            assert response.status == 404

    assert 'router_model_requests_total{model="kimi-k2.5",outcome="finished",surface="mantle-chat"} 1.0' in exposition
    assert 'router_responses_total{route="/v1/chat/completions",status="200"} 1.0' in exposition


async def test_neither_prompts_nor_credentials_reach_the_log(
    world: World, bedrock: BedrockStandIn, api_key: str, jwt: str
) -> None:
    secret = "the-launch-code-is-0000"
    async with process(world, LOG_LEVEL="DEBUG") as (running, url, _), aiohttp.ClientSession(url) as client:
        for credential in (api_key, jwt, jwt[:-4] + "AAAA"):
            for way in WAYS:
                headers = {"Authorization": f"Bearer {credential}"}
                await client.post(way.path, json=way.body(secret), headers=headers)
        running.send_signal(signal.SIGTERM)
        output, _ = await running.communicate()

    assert output.count(b'"message":"usage"') == 10
    for needle in (secret, api_key, jwt, jwt.split(".")[1], "bedrock-api-key-"):
        assert needle.encode() not in output


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("OIDC_ISSUER", "", "OIDC_ISSUER is not set; for example"),
        ("PORT", "many", "PORT='many'"),
        ("CATALOGUE_OVERLAY", "[models.claude-sonnet-4-6]\nname = 5", "claude-sonnet-4-6"),
    ],
)
async def test_a_wrong_setting_stops_the_start_with_its_name(
    world: World, variable: str, value: str, said: str
) -> None:
    variables = {**environment(world, 0, 0), variable: value}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "opencode_router", env=variables, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await running.communicate()

    assert running.returncode != 0
    assert said in complaint.decode()
    assert b"Traceback" not in complaint
