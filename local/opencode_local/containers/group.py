"""A process group of one container: its leader, what it says, and its end with all its children."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from opencode_local.containers.runner import CannotStart

LAUNCHER = Path(__file__).with_name("launcher.py")
TIMED_OUT = 124
"""Exit code of a check that took too long, as timeout(1) gives it."""
MAX_LINE_BYTES = 1024 * 1024
"""A longer line arrives in pieces."""
READ_BYTES = 64 * 1024


class ProcessGroup:
    """A session of its own: Ctrl-C in a terminal does not reach it."""

    def __init__(self, process: asyncio.subprocess.Process, output: "Output", held: Sequence[int]) -> None:
        """`held`: descriptors of the pipe that the watch listens to, closed when the group has ended."""
        self.process = process
        self._output = output
        self._held = list(held)

    @property
    def pid(self) -> int:
        return self.process.pid

    async def lines(self) -> AsyncIterator[bytes]:
        try:
            async for line in self._output.lines():
                yield line
        finally:
            self._output.close()

    async def wait(self) -> int:
        code = await self.process.wait()
        self.kill()
        self._let_go()
        return 128 - code if code < 0 else code

    def send_signal(self, number: signal.Signals) -> None:
        """To the leader alone, as to a container's first process."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill(self) -> None:
        """All of the group. The watch is in it until this, so no other group has its number."""
        if self._held:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _let_go(self) -> None:
        while self._held:
            os.close(self._held.pop())


class Output:
    """The reading end of a pipe."""

    def __init__(self, reader: asyncio.StreamReader, transport: asyncio.ReadTransport) -> None:
        self._reader = reader
        self._transport = transport

    async def lines(self) -> AsyncIterator[bytes]:
        rest = b""
        while data := await self._reader.read(READ_BYTES):
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line
            if len(rest) >= MAX_LINE_BYTES:
                yield rest
                rest = b""
        if rest:
            yield rest

    def close(self) -> None:
        self._transport.close()


async def started(
    words: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    *,
    last_words: Sequence[str] = (),
    stdin: int = asyncio.subprocess.DEVNULL,
) -> ProcessGroup:
    """`last_words` is a command for the case that this process ends before the group. Raises CannotStart."""
    watched, held = os.pipe()
    reading, writing = os.pipe()
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(watched), str(len(last_words)), *last_words]
    try:
        process = await asyncio.create_subprocess_exec(
            *launch,
            *words,
            stdin=stdin,
            stdout=writing,
            stderr=writing,
            env=dict(environment),
            cwd=directory,
            start_new_session=True,
            pass_fds=(watched,),
        )
    except OSError as error:
        os.close(held)
        os.close(reading)
        raise CannotStart(f"CannotStartContainerError: {error}") from error
    finally:
        os.close(watched)
        os.close(writing)
    return ProcessGroup(process, await _output(reading), [held])


async def checked(words: Sequence[str], environment: Mapping[str, str], directory: Path, *, timeout_s: float) -> int:
    """The exit code of a short command; what it says goes nowhere."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(environment),
        cwd=directory,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            return await process.wait()
    except TimeoutError:
        return TIMED_OUT
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _output(descriptor: int) -> Output:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    return Output(reader, transport)
