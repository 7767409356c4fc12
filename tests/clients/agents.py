"""Coding agents as their users run them: the published programs, at an empty desk, against one gateway."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "node_modules/.bin"
IS_INSTALLED = (PROGRAMS.parent / ".installed").exists()
TIMEOUT_S = 50.0
PROOF = "through-the-gateway"

needs_agents = pytest.mark.skipif(
    not IS_INSTALLED, reason="the coding agents are not installed: `make test` does so where node and npm are present"
)


def task(tool: str) -> str:
    """Words on which the stand-in calls the agent's shell."""
    command = f"echo {PROOF} > proof.txt && cat proof.txt"
    return f'Please prove it.\ncall {tool} {{"command": "{command}", "description": "Write the proof"}}'


@dataclass(frozen=True)
class Outcome:
    """A program that has ended; its words are shown by a failing assertion."""

    exit_code: int
    output: str
    complaints: str


@dataclass(frozen=True)
class Desk:
    """A home and a project of their own, so that nothing of the machine's user is read or changed."""

    place: Path

    @property
    def home(self) -> Path:
        return self._folder("home")

    @property
    def project(self) -> Path:
        return self._folder("project")

    @property
    def proof(self) -> str:
        """What the agent's tool has written."""
        file = self.project / "proof.txt"
        return file.read_text() if file.exists() else ""

    async def run(self, program: str, *arguments: str, said: str, variables: Mapping[str, str]) -> Outcome:
        """Runs to the end with `said` on standard input. Raises TimeoutError, leaving no process behind."""
        running = await asyncio.create_subprocess_exec(
            PROGRAMS / program,
            *arguments,
            cwd=self.project,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), **variables},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                output, complaints = await running.communicate(said.encode())
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        assert running.returncode is not None
        return Outcome(running.returncode, output.decode(), complaints.decode())

    def _folder(self, name: str) -> Path:
        folder = self.place / name
        folder.mkdir(exist_ok=True)
        return folder
