"""One container of a task while it runs: its output on the way to the log, its health, and its end."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from opencode_local.containers.definition import Container
from opencode_local.containers.health import Health
from opencode_local.containers.losses import Losses
from opencode_local.containers.runner import CannotStart, Runner, Running, Start
from opencode_local.log_streams import LogStream

LAST_LINES_S = 5.0
"""For output that is still in the pipe. A child that has left the process group could hold it open for ever."""


class ContainerRun:
    """`ended` is set once it is gone and all that it said has been read."""

    def __init__(self, container: Container, *, early_check_s: float, on_change: Callable[[], None]) -> None:
        self.container = container
        self.health = Health(container.health_check, early_s=early_check_s, on_change=on_change)
        self.losses = Losses()
        self.exit_code: int | None = None
        self.ended = asyncio.Event()
        self.stream: LogStream | None = None
        """Where its output goes."""
        self._running: Running | None = None
        self._living: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """0 before it has started."""
        return self._running.pid if self._running else 0

    async def start(self, runner: Runner, start: Start, stream: LogStream | None) -> None:
        """`stream` is closed with the last line. Raises CannotStart."""
        self.stream = stream
        try:
            self._running = await runner.start(start)
        except CannotStart:
            if stream is not None:
                stream.close()
            raise
        self._living = asyncio.create_task(self._live(self._running, stream))

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when it has not ended within the declared time."""
        if self._running is None or self._living is None:
            return
        self._running.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.container.stop_timeout_s):
                await self.ended.wait()
        self.kill()
        await self._living

    def kill(self) -> None:
        if self._running is not None and not self.ended.is_set():
            self._running.kill()

    async def _live(self, running: Running, stream: LogStream | None) -> None:
        reading = asyncio.create_task(self._read(running, stream))
        asking = asyncio.create_task(self.health.follow(lambda command, s: running.check(command, timeout_s=s)))
        self.exit_code = await running.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.wait({reading}, timeout=LAST_LINES_S)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        if stream is not None:
            stream.close()
        self.ended.set()

    async def _read(self, running: Running, stream: LogStream | None) -> None:
        async for line in running.lines():
            self.losses.follow(line)
            if stream is not None:
                stream.write(line)
