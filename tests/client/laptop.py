"""A developer's machine: a home of its own and the command line, in this process or in one of its own."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from opencode_auth.cli import cli

CLIENT = Path(__file__).parents[2] / "client"
OPENCODE, CLAUDE, CODEX = ".config/opencode/opencode.json", ".claude/settings.json", ".codex/config.toml"
PERSONS_OWN = """{
  // my own settings
  "theme": "dark", // at night
  "permissions": { "allow": ["Bash"] },
  "env": {
    "EDITOR": "vi"
  },
}
"""


@dataclass(frozen=True)
class Said:
    """A command that has ended; shown by a failing assertion."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Laptop:
    """`credential` stands in for a sign-in, as it does in CI."""

    home: Path
    credential: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(CLIENT),
            "OPENCODE_AUTH_HOME": str(self.own_folder),
            "OPENCODE_API_KEY": self.credential,
            **self.variables,
        }

    @property
    def own_folder(self) -> Path:
        return self.home / "of-opencode-auth"

    def point_at(self, url: str, sharing_url: str | None = None) -> None:
        """What `setup` leaves behind."""
        file = self.own_folder / "config/gateway.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        told = {"api_url": url, "issuer": "http://127.0.0.1:1", "client_id": "opencode-cli", "sharing_url": sharing_url}
        file.write_text(json.dumps(told))

    def write(self, place: str, text: str) -> Path:
        file = self.home / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    def install(self, program: str, script: str) -> Path:
        """A program on the search path, before all others."""
        file = self.write(f"bin/{program}", script)
        file.chmod(0o755)
        return file

    async def say(self, *arguments: str) -> Said:
        """The command in this process, beside the event loop in which the gateway runs."""
        hidden = dict.fromkeys(name for name in os.environ if name not in self.environment)
        runner = CliRunner(env={**hidden, **self.environment})
        result = await asyncio.to_thread(runner.invoke, cli, arguments, prog_name="opencode-auth")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return Said(result.exit_code, result.stdout, result.stderr)

    async def start(
        self, *arguments: str, stdin: int = asyncio.subprocess.DEVNULL, variables: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "opencode_auth", *arguments),
            cwd=self.home,
            env={**self.environment, **(variables or {})},
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, **variables: str) -> Said:
        """The command in a process of its own."""
        return await ended(await self.start(*arguments, variables=variables))

    async def shell(self, *command: str, **variables: str) -> str:
        """What another program prints on this machine."""
        process = await asyncio.create_subprocess_exec(
            *command, env={**self.environment, **variables}, stdout=asyncio.subprocess.PIPE, cwd=self.home
        )
        said = await ended(process)
        assert said.exit_code == 0, said
        return said.stdout


async def ended(process: asyncio.subprocess.Process) -> Said:
    stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return Said(process.returncode, stdout.decode(), (stderr or b"").decode())


def modes(folder: Path) -> Mapping[str, int]:
    """The permission bits of every file below."""
    return {str(file.relative_to(folder)): file.stat().st_mode & 0o777 for file in folder.rglob("*") if file.is_file()}


def settings(laptop: Laptop, place: str) -> Any:
    """What a tool's own JSON file says."""
    return json.loads((laptop.home / place).read_text())
