"""The parent of several router processes, to which the kernel shares out the connections of one port.

It runs each as a program of its own, replaces one that ends and passes SIGTERM on; it opens no port and no file.
Source: socket(7), SO_REUSEPORT (read 2026-11-21).
"""

import asyncio
import logging
import signal
import socket
import sys
import time
from asyncio.subprocess import Process
from contextlib import suppress

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LAST_PAUSE_S = 10.0
STEADY_S = 60.0
"""A worker that lived this long did not end because of how it began."""


def run(count: int) -> int:
    """Runs `count` workers until SIGTERM or SIGINT. The exit status: 0, or that of a worker that failed."""
    return asyncio.run(Workers(count).run())


class Workers:
    """A worker that ends is replaced, unless it has never listened: then the start has failed, and all end."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._running: set[Process] = set()
        self._stop = asyncio.Event()

    async def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop_all)
        statuses = await asyncio.gather(*(self._keep(number) for number in range(self._count)))
        return next(filter(None, statuses), 0)

    def _stop_all(self) -> None:
        self._stop.set()
        for process in self._running:
            with suppress(ProcessLookupError):
                process.terminate()

    async def _keep(self, number: int) -> int:
        """The exit status of the last process in this place."""
        pause_s, has_listened = FIRST_PAUSE_S, False
        while True:
            started_s = time.monotonic()
            listened, status = await self._one_life(number)
            has_listened |= listened
            if self._stop.is_set():
                return 0 if status == -signal.SIGTERM else exit_status(status)
            if not has_listened:
                self._stop_all()
                return exit_status(status) or 1
            if time.monotonic() - started_s > STEADY_S:
                pause_s = FIRST_PAUSE_S
            log.warning("worker ended", extra={"worker": number, "status": status, "pause_s": pause_s})
            if await self._stops_within(pause_s):
                return 0
            pause_s = min(2 * pause_s, LAST_PAUSE_S)

    async def _stops_within(self, pause_s: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), pause_s)
        return self._stop.is_set()

    async def _one_life(self, number: int) -> tuple[bool, int]:
        """Whether the process ever listened, and how it ended: an exit status, or less than 0 for a signal."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                command = (sys.executable, "-m", "opencode_router.worker", str(number))
                process = await asyncio.create_subprocess_exec(*command, stdin=theirs.fileno())
            self._running.add(process)
            if self._stop.is_set():
                process.terminate()
            ours.settimeout(0)
            listened = bool(await asyncio.get_running_loop().sock_recv(ours, 1))
            status = await process.wait()
            self._running.discard(process)
        return listened, status


def exit_status(code: int) -> int:
    """As a shell says it: a signal's number plus 128."""
    return code if code >= 0 else 128 - code
