"""What a task needs of whatever runs its containers: processes of this machine, or Docker."""

import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opencode_local.containers.definition import Container


class CannotStart(Exception):
    """A container was not started; the text is the stopped reason of its task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One container to start."""

    container: Container
    task_id: str
    environment: Mapping[str, str] = field(repr=False)
    """What the task gives it; the image's own defaults and this machine's places are the runner's affair."""


def as_shell(exit_code: int) -> int:
    """128 and the signal's number where a signal ended it."""
    return 128 - exit_code if exit_code < 0 else exit_code


class Running(Protocol):
    """One container that has been started."""

    @property
    def pid(self) -> int:
        """Of the process that signals go to."""

    def lines(self) -> AsyncIterator[bytes]:
        """Standard output and error, line by line, to the last: ends after the container has."""

    async def wait(self) -> int:
        """The exit code; 128 and the signal's number after a signal, as a shell says it. Its children are gone then."""

    def send_signal(self, number: signal.Signals) -> None: ...

    def kill(self) -> None: ...

    async def check(self, command: Sequence[str], *, timeout_s: float) -> int:
        """The exit code of a command run beside it, in its environment; 124 when it took too long."""


class Runner(Protocol):
    """Starts containers."""

    def defaults(self, container: Container) -> Mapping[str, str]:
        """Environment variables that the image sets. Raises CannotStart."""

    async def start(self, start: Start) -> Running:
        """Raises CannotStart."""
