"""The whole local run as a person has it: `python -m opencode_local up` in a folder of its own."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from opencode_local.provider.aws import Account
from opencode_local.run.guide import END
from opencode_local.run.run_file import RUN_FILE, Run
from opencode_stacks.declared import config_of

START_S = 90
"""Of patience: on a machine that does much else it takes several times what it takes alone."""
STOP_S = 60


@dataclass(frozen=True)
class Running:
    """One run, seen from outside."""

    process: asyncio.subprocess.Process
    folder: Path
    lines: list[str]

    @property
    def printed(self) -> str:
        """All that it has said so far."""
        return "".join(self.lines)

    @property
    def run(self) -> Run:
        return msgspec.json.decode((self.folder / RUN_FILE).read_bytes(), type=Run)

    @property
    def url(self) -> str:
        return self.run.url

    @property
    def api_key(self) -> str:
        assert self.run.api_key
        return self.run.api_key

    @property
    def as_key(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def aws(self, service: str) -> Any:
        """A boto3 client of an administrator."""
        return Account(self.run.aws_url).client(service, self.run.region)

    def client(self) -> aiohttp.ClientSession:
        """With the personal key."""
        return aiohttp.ClientSession(self.url, headers=self.as_key)

    async def ended_by(self, number: signal.Signals) -> int:
        """The exit code."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), STOP_S)


@asynccontextmanager
async def make_up(folder: Path, **variables: str) -> AsyncIterator[Running]:
    """A run that is ready; ended at the latest when the block is left."""
    process = await command(folder, "up", **variables)
    running, is_ready = Running(process, folder, []), asyncio.Event()
    reading = asyncio.create_task(read(running, is_ready))
    try:
        async with asyncio.timeout(START_S):
            await is_ready.wait()
        assert END in running.printed, f"it ended with {process.returncode}:\n{running.printed}"
        yield running
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()
        await reading


async def read(running: Running, is_ready: asyncio.Event) -> None:
    """To its end: a pipe that nobody empties would stop who writes into it."""
    assert running.process.stdout is not None
    while line := (await running.process.stdout.readline()).decode():
        running.lines.append(line)
        if END in line:
            is_ready.set()
    is_ready.set()


async def command(folder: Path, name: str, **variables: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "opencode_local",
        name,
        cwd=folder,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT if name == "up" else asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def printed_by(folder: Path, name: str, **variables: str) -> tuple[int | None, str, str]:
    """Exit code, output and complaints of a command that ends by itself."""
    process = await command(folder, name, **variables)
    output, complaints = await process.communicate()
    return process.returncode, output.decode(), (complaints or b"").decode()


def environment_file(folder: Path, name: str, **changes: Mapping[str, Any] | None) -> Path:
    """Pulumi.<name>.yaml in the folder: the local environment with some keys of some sections changed.

    None takes a section away.
    """
    config = config_of("local")
    for section, keys in changes.items():
        key = f"opencode:{section}"
        config[key] = {**config.get(key, {}), **(keys or {})}
        if keys is None:
            del config[key]
    file = folder / f"Pulumi.{name}.yaml"
    file.write_text(json.dumps({"config": config}))
    return file


def pasted(printed: str, start: str, end: str) -> str:
    """What a person would copy: from `start` through `end`."""
    found = re.search(f"{re.escape(start)}.*?{re.escape(end)}", printed, re.DOTALL)
    assert found, printed
    return found[0]
