"""Somebody who is new to the gateway, and the releases of the client that they may meet."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opencode_auth.updates.artifacts import this_platform
from tests.clients.agents import PROGRAMS, Desk, Outcome
from tests.clients.test_claude_code import QUIET as QUIET_CLAUDE
from tests.clients.test_opencode import QUIET as QUIET_OPENCODE
from tests.local.run.running import Running, printed_by

if TYPE_CHECKING:
    from playwright.async_api import Page

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60


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

    @asynccontextmanager
    async def opencode_server(self) -> AsyncIterator[str]:
        """OpenCode with its runs in one process, which sends the last of what it shares, too; gives its address."""
        server = await self.started("exec opencode serve --port 0")
        assert server.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while b"listening on" not in (line := await server.stdout.readline()):
                    assert line, "it has ended"
            yield line.decode().split()[-1]
        finally:
            server.terminate()
            await server.communicate()

    async def version(self) -> str:
        return (await self.done("opencode-auth --version")).output.split()[-1]

    def configured(self) -> Mapping[str, bytes]:
        """All configuration in the home, by its path."""
        folders = (self.desk.home / ".config", self.desk.home / ".claude")
        return {str(file): file.read_bytes() for folder in folders for file in folder.rglob("*.json")}


async def up_to_address(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Lines through the first that is an address."""
    while line := await stream.readline():
        yield line
        if line.startswith(b"http"):
            return


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
