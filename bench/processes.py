"""The bench's processes: each on its own core, with eyes on its memory and processor time."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import psutil

from bench.orders import ClosedLoop, Delays, Loop, OpenStreams

START_TIMEOUT_S = 60.0
POLL_S = 0.005
STOP_TIMEOUT_S = 15.0


class BenchFailed(Exception):
    """Something the figures stand on did not hold."""


def module(name: str, *arguments: str) -> Sequence[str]:
    """The command line of a module, run by this interpreter."""
    return sys.executable, "-m", name, *arguments


def cores() -> tuple[int, int]:
    """The core of what is measured, and the core of everything else; one and the same on a machine with one."""
    available = sorted(os.sched_getaffinity(0))
    return available[-1], available[0]


@dataclass(frozen=True, kw_only=True)
class Consumption:
    """What a process has used so far."""

    processor_s: float
    at_s: float

    def share_of_a_core_since(self, before: "Consumption") -> float:
        return (self.processor_s - before.processor_s) / (self.at_s - before.at_s)


class Process:
    """One child process."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        core: int,
        environment: Mapping[str, str] | None = None,
        output: int = subprocess.DEVNULL,
    ) -> None:
        self._popen = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=output,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        self._view = psutil.Process(self._popen.pid)
        self._view.cpu_affinity([core])

    def tell(self, line: bytes) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.write(line + b"\n")
        self._popen.stdin.flush()

    def hear(self) -> bytes:
        """The next line of output; b"" when the process has ended."""
        assert self._popen.stdout is not None
        return self._popen.stdout.readline()

    def memory_bytes(self) -> int:
        return int(self._view.memory_info().rss)

    def consumption(self) -> Consumption:
        times = self._view.cpu_times()
        return Consumption(processor_s=times.user + times.system, at_s=time.perf_counter())

    def refuse_if_ended(self) -> None:
        if (code := self._popen.poll()) is not None:
            raise BenchFailed(f"{self._popen.args!r} ended with exit code {code}")

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not heard."""
        self._popen.terminate()
        try:
            self._popen.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


@contextmanager
def running(process: Process) -> Iterator[Process]:
    try:
        yield process
    finally:
        process.stop()


class LoadGenerator:
    """`bench.load`, one order at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def loop(self, order: ClosedLoop) -> Loop:
        return msgspec.json.decode(await self._result(order), type=Loop)

    async def delays(self, order: OpenStreams) -> Delays:
        return msgspec.json.decode(await self._result(order), type=Delays)

    async def _result(self, order: ClosedLoop | OpenStreams) -> bytes:
        self._process.tell(msgspec.json.encode(order))
        line = await asyncio.to_thread(self._process.hear)
        if not line:
            raise BenchFailed("the load generator ended; its own output says why")
        return line


async def answered(process: Process, port: int, path: str) -> float:
    """Seconds until `process` answers GET `path` with a 200. Raises BenchFailed."""
    started_s = time.perf_counter()
    while time.perf_counter() - started_s < START_TIMEOUT_S:
        process.refuse_if_ended()
        if b"HTTP/1.1 200" in await first_line(port, path):
            return time.perf_counter() - started_s
        await asyncio.sleep(POLL_S)
    raise BenchFailed(f"nothing answered on port {port} within {START_TIMEOUT_S:.0f} s")


async def first_line(port: int, path: str) -> bytes:
    """Of the answer; b"" when there is none."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
    except ConnectionError:
        return b""
    writer.close()
    return line
