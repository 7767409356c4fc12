"""From the download page to the first answer, and on to the next version: all of it as a person meets it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import pytest_asyncio

from bench.screenshots import sign_in
from opencode_auth.updates.artifacts import this_platform
from opencode_local.run.guide import CHAT_MODEL
from tests.clients.agents import PROGRAMS, PROOF, Desk, Outcome, needs_agents, task
from tests.clients.test_claude_code import QUIET as QUIET_CLAUDE
from tests.clients.test_opencode import QUIET as QUIET_OPENCODE
from tests.local.run.running import Running, make_up, printed_by

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

ROOT = Path(__file__).parents[3]
FIRST, SECOND, THIRD = "1.0.0", "1.1.0", "1.2.0"
PATIENCE_S = 60


def packed_client(version: str) -> str:
    """The client of this tree under another version, as one file that thinks it is packed."""
    return f"""#!{sys.executable}
import os, sys
sys.path.insert(0, {str(ROOT / "client")!r})
sys.frozen, sys.executable = True, os.path.realpath(__file__)
from opencode_auth import version
version.VERSION, version.USER_AGENT = {version!r}, "opencode-auth/{version}"
from opencode_auth.cli import main
main()
"""


@dataclass(frozen=True)
class Newcomer:
    """Somebody with an empty home, a browser and a shell."""

    running: Running
    desk: Desk
    page: "Page"

    @property
    def downloads_url(self) -> str:
        return str(self.running.run.outputs["downloads_url"])

    @property
    def variables(self) -> Mapping[str, str]:
        home = self.desk.home
        return {
            "HOME": str(home),
            "PATH": f"{home}/.local/bin:{PROGRAMS}:{os.environ['PATH']}",
            "BROWSER": "true",
            "OPENCODE_AUTH_STORE": "file",
            **QUIET_CLAUDE,
            **QUIET_OPENCODE,
        }

    async def started(self, line: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_shell(
            line, cwd=self.desk.project, env=self.variables, stdin=pipe, stdout=pipe, stderr=pipe
        )

    async def shell(self, line: str, said: str = "") -> Outcome:
        """What a pasted line does."""
        process = await self.started(line)
        async with asyncio.timeout(PATIENCE_S):
            output, complaints = await process.communicate(said.encode())
        assert process.returncode is not None
        return Outcome(process.returncode, output.decode(), complaints.decode())

    async def done(self, line: str, said: str = "") -> Outcome:
        outcome = await self.shell(line, said)
        assert outcome.exit_code == 0, outcome
        return outcome

    async def copied_line(self) -> str:
        """Of this platform's tab, which the page has chosen by itself, by its own button."""
        await self.page.goto(self.downloads_url)
        await self.page.get_by_role("tabpanel", name="Linux").get_by_role("button", name="Copy").click()
        return str(await self.page.evaluate("navigator.clipboard.readText()"))

    async def signed_in(self) -> None:
        """`opencode-auth login` opens the provider's page, and the provider knows this browser or asks who it is."""
        login = await self.started("opencode-auth login")
        assert login.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            said = [line.decode() async for line in up_to_address(login.stderr)]
            await self.page.goto(said[-1].strip())
            if await self.page.locator("button[name=sub]").count():
                await self.page.locator("button[name=sub]").first.click()
            _, complaints = await login.communicate()
        assert login.returncode == 0, (said, complaints)

    async def version(self) -> str:
        return (await self.done("opencode-auth --version")).output.split()[-1]

    def configured(self) -> Mapping[str, bytes]:
        """All configuration in the home, by its path."""
        folders = (self.desk.home / ".config", self.desk.home / ".claude")
        return {str(file): file.read_bytes() for folder in folders for file in folder.rglob("*.json")}


def recycled(running: Running) -> None:
    """Ends the functions' instances, as AWS may at any time: new ones know nothing of the last minute's manifest."""
    instances = [
        child for child in psutil.Process(running.process.pid).children() if "bootstrap" in str(child.cmdline())
    ]
    assert instances
    for instance in instances:
        instance.kill()
    psutil.wait_procs(instances)


async def up_to_address(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Lines through the first that is an address."""
    while line := await stream.readline():
        yield line
        if line.startswith(b"http"):
            return


async def published(running: Running, version: str, **variables: str) -> None:
    executables = running.folder / f"built-{version}"
    executables.mkdir()
    (executables / f"opencode-auth-{version}-{this_platform()}").write_text(packed_client(version))
    (executables / f"opencode_auth-{version}-py3-none-any.whl").write_bytes(b"not installed here")
    source = running.folder / f"client-{version}"
    (source / "opencode_auth").mkdir(parents=True)
    (source / "opencode_auth/version.py").write_text(f'VERSION = "{version}"\n')
    code, output, complaints = await printed_by(
        running.folder, "publish", SOURCE=str(source), EXECUTABLES=str(executables), **variables
    )
    assert code == 0, complaints
    assert version in output


@pytest_asyncio.fixture(scope="module")
async def newcomer(tmp_path_factory: pytest.TempPathFactory, chromium: "Browser") -> AsyncIterator[Newcomer]:
    """Has signed in at the page, run its line and signed in with the client."""
    folder = tmp_path_factory.mktemp("downloads")
    async with make_up(folder) as running:
        await published(running, FIRST, MESSAGE='The "first" $(one)')
        context = await chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
        person = Newcomer(running, Desk(folder), await context.new_page())
        await sign_in(person.page, person.downloads_url)
        installed = await person.done(await person.copied_line())
        assert "next: opencode-auth login" in installed.complaints, installed
        await person.signed_in()
        yield person
        await context.close()


async def test_the_page_greets_the_person_and_the_line_on_it_installs_the_release(newcomer: Newcomer) -> None:
    await newcomer.page.goto(newcomer.downloads_url)
    text = await newcomer.page.inner_text("body")

    assert "Hello, Ada Lovelace" in text
    assert 'The "first" $(one)' in text
    assert f"{newcomer.running.url}/v1" in await newcomer.page.content(), "the reader's own gateway"
    assert await newcomer.version() == FIRST
    assert "ada@example.com" in (await newcomer.done("opencode-auth status")).output


@needs_agents
async def test_opencode_and_claude_code_answer_with_what_the_client_has_set_up(newcomer: Newcomer) -> None:
    proof = newcomer.desk.project / "proof.txt"
    await newcomer.done("opencode-auth use opencode --yes")
    await newcomer.done("opencode-auth use claude-code --yes")

    claude = await newcomer.done(
        "claude --print --output-format=json --allowedTools=Bash --model claude-sonnet-5", said=task("Bash")
    )
    by_claude = proof.read_text()
    proof.unlink()
    opencode = await newcomer.done(f"opencode run --format=json --model=bedrock/{CHAT_MODEL}", said=task("bash"))

    assert PROOF in json.loads(claude.output)["result"]
    assert by_claude == f"{PROOF}\n"
    assert newcomer.desk.proof == f"{PROOF}\n", opencode


async def test_a_newer_release_is_installed_and_what_was_configured_stays(newcomer: Newcomer) -> None:
    await published(newcomer.running, SECOND)
    recycled(newcomer.running)
    configured = newcomer.configured()

    checked = await newcomer.done("opencode-auth update --check")
    await newcomer.done("opencode-auth update")

    assert SECOND in checked.output
    assert await newcomer.version() == SECOND
    assert newcomer.configured() == configured
    assert (await newcomer.done("opencode-auth models")).output


async def test_what_was_tampered_with_is_neither_installed_nor_served(newcomer: Newcomer) -> None:
    await published(newcomer.running, THIRD)
    recycled(newcomer.running)
    s3, bucket = newcomer.running.aws("s3"), newcomer.running.run.outputs["releases_bucket"]
    name = f"opencode-auth-{THIRD}-{this_platform()}"
    s3.put_object(Bucket=bucket, Key=f"releases/{THIRD}/{name}", Body=packed_client(FIRST).encode())
    before = await newcomer.version()

    updated = await newcomer.shell("opencode-auth update")
    line = await newcomer.copied_line()
    installed = await newcomer.shell(line)

    assert updated.exit_code == 1
    assert "SHA-256" in updated.complaints
    assert installed.exit_code == 1
    assert "nothing was run" in installed.complaints
    assert await newcomer.version() == before


async def test_signing_out_ends_it(newcomer: Newcomer) -> None:
    await newcomer.done("opencode-auth logout")

    assert (await newcomer.shell("opencode-auth token")).exit_code == 3
