"""Runs containers with Docker, on this machine's own network.

Source: Docker documentation, "docker run", "docker exec" and "docker rm" (read 2026-11-21).
"""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from opencode_components.testing.graph import Graph
from opencode_local.containers.definition import Container
from opencode_local.containers.images import IMAGE
from opencode_local.containers.runner import CannotStart, Start, as_shell
from opencode_local.offspring import group

HERE = Path("/")
EXEC_MARGIN_S = 1.0
REMOVAL_S = 30.0
ENVIRONMENT = "--env-file=/dev/stdin"
"""Never on the command line, which everybody may read."""


class DockerRunner:
    """A `docker run` for each container; the image's own environment is Docker's affair."""

    def __init__(self, graph: Graph, *, docker: str = "docker") -> None:
        self._docker = docker
        self._built = {str(image.outputs.get("imageUri")) for image in graph.all(IMAGE)}

    def defaults(self, container: Container) -> Mapping[str, str]:
        return {}

    async def start(self, start: Start) -> "RunningContainer":
        unfit = sorted(name for name, value in start.environment.items() if "\n" in value)
        if unfit:
            raise CannotStart(f"CannotStartContainerError: Docker takes no line breaks in {', '.join(unfit)}")
        container, name = start.container, f"{start.task_id[:12]}-{start.container.name}"
        words = [self._docker, "run", *options(container, name), ENVIRONMENT, *self._command(container)]
        remove = [self._docker, "rm", "--force", name]
        with tempfile.TemporaryFile() as variables:
            variables.writelines(f"{variable}={value}\n".encode() for variable, value in start.environment.items())
            variables.seek(0)
            try:
                running = await group.started(
                    words, docker_environment(), HERE, last_words=remove, stdin=variables.fileno()
                )
            except OSError as error:
                raise CannotStart(f"CannotStartContainerError: {error}") from error
        return RunningContainer(running, [self._docker, "exec", name], remove)

    def _command(self, container: Container) -> Sequence[str]:
        """The image and its arguments. What the program builds is known here by its id, which is its digest."""
        image = container.image.rpartition("@")[2] if container.image in self._built else container.image
        return [image, *(container.entry_point or ())[1:], *(container.command or ())]


class RunningContainer:
    """One container of Docker's; its process here is Docker's client, which hands signals on."""

    def __init__(self, running: group.ProcessGroup, execute: Sequence[str], remove: Sequence[str]) -> None:
        self._group = running
        self._execute = execute
        self._remove = remove
        self._removals: list[asyncio.Task[int]] = []
        self.pid = running.pid

    def lines(self) -> AsyncIterator[bytes]:
        return self._group.output.lines()

    async def wait(self) -> int:
        """Also when the client alone has been killed: the container goes with it."""
        code = as_shell(await self._group.wait())
        self.kill()
        await asyncio.gather(*self._removals)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        self._group.send_signal(number)

    def kill(self) -> None:
        """SIGKILL is the one signal that the client cannot hand on."""
        removal = group.checked(self._remove, docker_environment(), HERE, timeout_s=REMOVAL_S)
        self._removals.append(asyncio.create_task(removal))

    async def check(self, command: Sequence[str], *, timeout_s: float) -> int:
        words = [*self._execute, *command]
        return await group.checked(words, docker_environment(), HERE, timeout_s=timeout_s + EXEC_MARGIN_S)


def options(container: Container, name: str) -> Sequence[str]:
    """As declared. All tasks are on this machine's network, where each has ports of its own."""
    said = {
        f"--user={container.user}": container.user,
        f"--workdir={container.working_directory}": container.working_directory,
        "--read-only": container.readonly_root,
        "--init": container.has_init,
        f"--entrypoint={next(iter(container.entry_point or ()), '')}": container.entry_point,
    }
    return [
        *("--rm", "--network=host", f"--name={name}"),
        *(option for option, is_declared in said.items() if is_declared),
        *(f"--cap-drop={capability}" for capability in container.dropped_capabilities),
        *(f"--cap-add={capability}" for capability in container.added_capabilities),
    ]


def docker_environment() -> Mapping[str, str]:
    """The shell's own: it says where the daemon is."""
    return dict(os.environ)
