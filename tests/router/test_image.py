"""The router's image, built and run as a container service runs it: nothing writable, no capability, no shell.

`BASE_IMAGE` and `IMAGE_FLAGS` reach the build from the environment, as in `make image`.
"""

import asyncio
import json
import re
import shutil
import sys
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from opencode_local.bedrock import BedrockStandIn, Fault
from opencode_local.ports import free_port
from tests.router.asking import WAYS
from tests.router.running import World
from tests.router.test_process import line_with, settings
from tests.router.test_workers import WORKERS, free_ports_in_a_row

ROOT = Path(__file__).parents[2]
LOCKED_DOWN = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1000", "--network=host")
NO_SHELL = ("--volume=/dev/null:/usr/bin/dash:ro", "--volume=/dev/null:/usr/bin/bash:ro")
AS_HERE = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_DYNAMODB")
INSTALLED = """
import importlib.metadata, json
print(json.dumps({found.name.lower().replace("_", "-"): found.version for found in importlib.metadata.distributions()}))
"""
WAY = WAYS[0]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="a container reaches the stand-ins on loopback on Linux only"
)


async def run(*command: str) -> tuple[int, str]:
    """Its exit status and all it said."""
    running = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await running.communicate()
    assert running.returncode is not None
    return running.returncode, said.decode()


async def docker(*words: str) -> str:
    status, said = await run("docker", *words)
    assert status == 0, said
    return said


@pytest_asyncio.fixture(scope="session")
async def image() -> str:
    """Its name, built. Skips where nothing can build it."""
    if not shutil.which("docker"):
        pytest.skip("there is no docker command")
    status, _ = await run("docker", "version")
    if status != 0:
        pytest.skip("no Docker daemon answers")
    name = "opencode-router:test"
    status, said = await run("make", "image", f"IMAGE={name}")
    assert status == 0, said[-4000:]
    return name


@dataclass(frozen=True)
class Container:
    name: str
    url: str
    client: asyncio.subprocess.Process
    """`docker run` in the foreground: its output is the container's, its exit status too."""


@asynccontextmanager
async def container(world: World, image: str, *flags: str, **changes: str) -> AsyncIterator[Container]:
    port, metrics_port = free_port(0), free_ports_in_a_row()
    name = f"router-{uuid4().hex[:12]}"
    variables = {**settings(world, port, metrics_port), **changes}
    given = [*AS_HERE, *(f"{variable}={value}" for variable, value in variables.items())]
    command = ["docker", "run", "--rm", "--name", name, *LOCKED_DOWN, *flags, *(f"--env={one}" for one in given), image]
    client = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield Container(name, f"http://127.0.0.1:{port}", client)
    finally:
        if client.returncode is None:
            await docker("kill", name)
        await client.communicate()


async def test_a_container_without_anything_writable_streams_and_drains(
    world: World, image: str, bedrock: BedrockStandIn, as_ada: Mapping[str, str]
) -> None:
    bedrock.order(Fault(kind="stall", after_events=6))
    async with container(world, image, *NO_SHELL, PROCESSES=str(WORKERS), DRAIN_S="20") as running:
        for _ in range(WORKERS):
            await line_with(running.client, "listening")
        async with aiohttp.ClientSession(running.url, headers=as_ada) as client:
            async with client.get("/health") as health, client.get("/ready") as ready:
                assert (health.status, ready.status) == (200, 200), await ready.text()
            async with client.post(WAY.path, json=WAY.body(stream=True)) as response:
                await response.content.readany()
                await docker("kill", "--signal=TERM", running.name)
                for _ in range(WORKERS):
                    await line_with(running.client, "draining")
                bedrock.release()
                rest = await response.read()
        status = await asyncio.wait_for(running.client.wait(), 20)

    assert rest.endswith(WAY.end)
    assert status == 0


async def test_a_container_with_one_cpu_runs_one_process_whose_health_its_own_check_tells(
    world: World, image: str
) -> None:
    kind, *check = (await config(image))["Healthcheck"]["Test"]
    async with container(world, image, *NO_SHELL, "--cpus=1") as running:
        await line_with(running.client, "listening")
        processes = await docker("top", running.name)
        await docker("exec", running.name, *check)

    assert kind == "CMD"
    assert len(re.findall("opencode_router", processes)) == 1


def test_every_member_of_the_workspace_is_in_the_build_for_the_lock_names_them_all() -> None:
    members = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
    context = (ROOT / ".dockerignore").read_text().splitlines()
    steps = (ROOT / "router/Dockerfile").read_text().splitlines()

    assert [member for member in members if f"!{member}/pyproject.toml" not in context] == []
    assert [member for member in members if f"COPY {member}/pyproject.toml {member}/" not in steps] == []


async def test_an_image_starts_its_program_without_a_shell_and_not_as_root(image: str) -> None:
    configured = await config(image)

    assert configured["User"] == "1000:1000"
    assert configured["Entrypoint"] == ["python", "-m", "opencode_router"]
    assert not configured.get("Cmd")


async def config(image: str) -> dict[str, Any]:
    return dict(json.loads(await docker("inspect", "--format={{json .Config}}", image)))


async def test_an_image_holds_what_the_lock_says_its_bill_lists_and_no_installer(image: str) -> None:
    installed = json.loads(await inside(image, "python", "-c", INSTALLED))
    bill = json.loads(await inside(image, "cat", "/opt/router/sbom.cdx.json"))
    files = await inside(image, "find", "/opt", "/usr/local")

    assert "aiohttp" in installed
    assert installed.items() <= {component["name"]: component["version"] for component in bill["components"]}.items()
    assert all(file["hashes"] for component in bill["components"] for file in component["externalReferences"])
    assert re.findall(r"/(?:uvx?|pip[0-9.]*|curl|wget)$", files, re.MULTILINE) == []


async def inside(image: str, program: str, *words: str) -> str:
    return await docker("run", "--rm", "--network=none", f"--entrypoint={program}", image, *words)
