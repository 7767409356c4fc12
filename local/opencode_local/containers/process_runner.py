"""Runs containers as processes of this machine, without Docker.

What a container would have and a process has not: a file system, a user and a network address of its own, and limits of
CPU and memory. It has the container's environment and nothing of this shell's, but for where programs are found.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from opencode_components.testing.graph import Graph
from opencode_local.containers.definition import Container, Unsupported
from opencode_local.containers.images import Image, arguments, built_image
from opencode_local.containers.runner import CannotStart, Start, as_shell
from opencode_local.offspring import group

PYTHONS = frozenset({"python", "python3"})
ROOT = "/"
"""HOME, as Docker sets it for a user that the image does not know: nobody's own settings are read."""
KEPT = ("LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


class ProcessRunner:
    """A process group for each container."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._images: dict[str, Image] = {}

    def defaults(self, container: Container) -> Mapping[str, str]:
        return self._image(container).environment

    async def start(self, start: Start) -> "RunningProcess":
        image = self._image(start.container)
        try:
            words = local(arguments(start.container, image))
        except Unsupported as error:
            raise CannotStart(f"CannotStartContainerError: {error}") from error
        environment = {**surroundings(), **start.environment}
        try:
            running = await group.started(words, environment, image.context)
        except OSError as error:
            raise CannotStart(f"CannotStartContainerError: {error}") from error
        return RunningProcess(running, environment, image.context)

    def _image(self, container: Container) -> Image:
        """Raises CannotStart."""
        if container.image not in self._images:
            try:
                image = built_image(self._graph, container.image)
            except (OSError, Unsupported) as error:
                raise CannotStart(f"CannotPullContainerError: {container.image}: {error}") from error
            if image is None:
                reason = "the program does not build this image, so it runs with Docker alone: ROUTER=container"
                raise CannotStart(f"CannotPullContainerError: {container.image}: {reason}")
            self._images[container.image] = image
        return self._images[container.image]


class RunningProcess:
    """One container as a process group."""

    def __init__(self, running: group.ProcessGroup, environment: Mapping[str, str], directory: Path) -> None:
        self._group = running
        self._environment = environment
        self._directory = directory
        self.pid = running.pid

    def lines(self) -> AsyncIterator[bytes]:
        return self._group.output.lines()

    async def wait(self) -> int:
        return as_shell(await self._group.wait())

    def send_signal(self, number: signal.Signals) -> None:
        self._group.send_signal(number)

    def kill(self) -> None:
        self._group.kill()

    async def check(self, command: Sequence[str], *, timeout_s: float) -> int:
        return await group.checked(local(command), self._environment, self._directory, timeout_s=timeout_s)


def local(words: Sequence[str]) -> Sequence[str]:
    """The image's Python is the one that runs this: it has the same packages."""
    return [sys.executable, *words[1:]] if words[0] in PYTHONS else words


@cache
def surroundings() -> Mapping[str, str]:
    """What a process needs of this machine."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PATH": path, "HOME": ROOT}
