"""`make up` as a person runs it: what it prints can be pasted, and nothing stays behind."""

import asyncio
import json
import os
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from opencode_local.guide import RUN_FILE


@asynccontextmanager
async def gateway(folder: Path, **variables: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A running `python -m opencode_local` and all it printed up to readiness."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "opencode_local",
        cwd=folder,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
    )
    assert running.stdout is not None
    printed = ""
    try:
        async with asyncio.timeout(60):
            while "Ctrl-C stops everything" not in printed:
                line = await running.stdout.readline()
                assert line, printed
                printed += line.decode()
        yield running, printed
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGTERM)
        await running.communicate()


def facts(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / RUN_FILE).read_text()))


async def shell(command: str) -> str:
    running = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
    output, _ = await running.communicate()
    return output.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
async def test_the_gateway_comes_up_with_facts_to_use_it_and_goes_without_a_trace(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with gateway(tmp_path) as (running, printed):
        run = facts(tmp_path)
        mode = stat.S_IMODE((tmp_path / RUN_FILE).stat().st_mode)
        curl = re.search(r"curl .*?\}'\n", printed, re.DOTALL)
        assert curl
        answer = json.loads(await shell(f"{curl[0].strip()} --silent"))
        children = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(number)
        code = await asyncio.wait_for(running.wait(), 30)

    assert {"url", "api_key", "issuer", "models", "bedrock_url"} <= run.keys()
    assert mode == 0o600
    assert answer["choices"][0]["message"]["content"] == "You said: Say hello"
    assert code == 0
    assert not (tmp_path / RUN_FILE).exists()
    assert children, "the router is a process of its own"
    assert [child for child in children if child.is_running()] == []


async def test_the_printed_opencode_config_names_models_that_answer(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (_, printed):
        run = facts(tmp_path)
        config = json.loads(printed[printed.index("{\n") : printed.rindex("}\n") + 1])
        provider = config["provider"]["bedrock"]
        as_key = {"Authorization": f"Bearer {run['api_key']}"}
        async with aiohttp.ClientSession(headers=as_key) as client:
            for model in provider["models"]:
                body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
                async with client.post(f"{provider['options']['baseURL']}/chat/completions", json=body) as response:
                    assert response.status == 200, await response.text()

    assert config["model"].removeprefix("bedrock/") in provider["models"]


async def test_two_gateways_run_side_by_side(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    async with gateway(first), gateway(second):
        urls = {facts(first)["url"], facts(second)["url"]}

    assert len(urls) == 2


async def test_the_real_bedrock_is_called_where_it_is_asked_for(tmp_path: Path) -> None:
    credentials = {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_REGION": "eu-west-1"}
    async with gateway(tmp_path, BEDROCK="aws", **credentials) as (_, printed):
        run = facts(tmp_path)

    assert run["bedrock_url"] == "AWS eu-west-1"
    assert "Bedrock at AWS eu-west-1" in printed
