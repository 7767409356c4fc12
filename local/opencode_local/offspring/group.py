"""A child process with all that it starts: a process group that cannot outlive us, not even when we are killed."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
TIMED_OUT = 124
"""Exit code of a check that took too long, as timeout(1) gives it."""
MAX_LINE_BYTES = 1024 * 1024
"""A longer line arrives in pieces."""
READ_BYTES = 64 * 1024


class ProcessGroup:
    """A session of its own: Ctrl-C in a terminal does not reach it. Its outputs are one stream."""

    def __init__(self, process: asyncio.subprocess.Process, output: "Output", held: Sequence[int]) -> None:
        """`held`: descriptors of the pipe that the watch listens to, closed when the group has ended."""
        self._process = process
        self._held = list(held)
        self.output = output

    @property
    def pid(self) -> int:
        """Of the leader and of the group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number when one ended it."""
        return self._process.returncode

    @property
    def stdin(self) -> asyncio.StreamWriter | None:
        return self._process.stdin

    async def wait(self) -> int:
        """The exit code of the leader; whatever it has left behind is killed then."""
        code = await self._process.wait()
        self.kill()
        self._let_go()
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """To the leader alone, as to a container's first process."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """All of the group. The watch is in it until this, so no other group has its number."""
        if self._held:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _let_go(self) -> None:
        while self._held:
            os.close(self._held.pop())


class Output:
    """The reading end of a pipe of our own: asyncio's own would hold an exit back while a grandchild keeps it open."""

    def __init__(self, reader: asyncio.StreamReader, transport: asyncio.ReadTransport) -> None:
        self._reader = reader
        self._transport = transport

    async def read(self) -> bytes:
        """What has come since; empty at its end."""
        return await self._reader.read(READ_BYTES)

    async def lines(self) -> AsyncIterator[bytes]:
        """To the last; closes it."""
        rest = b""
        try:
            while data := await self.read():
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    yield line
                if len(rest) >= MAX_LINE_BYTES:
                    yield rest
                    rest = b""
            if rest:
                yield rest
        finally:
            self.close()

    def close(self) -> None:
        self._transport.close()


async def started(  # noqa: PLR0913  what subprocess takes, by name
    words: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    *,
    last_words: Sequence[str] = (),
    stdin: int = asyncio.subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> ProcessGroup:
    """`last_words` is a command for the case that this process ends before the group.

    A command that is not there ends with exit code 127. Raises OSError when nothing can be started.
    """
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
            pass_fds=(watched, *pass_fds),
        )
    except OSError:
        os.close(held)
        os.close(reading)
        raise
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
