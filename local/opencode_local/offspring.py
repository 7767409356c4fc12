"""Child processes that cannot outlive us, not even when we are killed.

Two shells make it so, on every POSIX system. The first becomes the child, once it is told to: until then it waits at a
gate. The second is its keeper: it holds the reading end of a pipe that ends when we do, however that comes, and then
kills the child's process group. The gate opens only when the keeper is there, so that no moment is unguarded.
"""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

SHELL = "/bin/sh"
GATE = 'read -r go && exec "$@" </dev/null'
KEEPER = 'trap "" HUP INT TERM; read -r end; kill -s KILL -- "-$1" 2>/dev/null'
STOP_TIMEOUT_S = 10.0


class Offspring:
    """One running child with its process group. Its standard input is empty; its outputs are one stream."""

    def __init__(self, child: Process, keeper: Process, output: asyncio.StreamReader) -> None:
        self._child, self._keeper = child, keeper
        self.output = output
        """What it and its own children write to standard output and standard error, in order; to be read by someone."""
        self._ended = asyncio.ensure_future(self._end())

    @property
    def pid(self) -> int:
        """Of the child and of its group."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number when one ended it."""
        return self._child.returncode

    async def wait(self) -> int:
        """The exit code, once it has ended and nothing of its group is left."""
        return await asyncio.shield(self._ended)

    def signal(self, number: int) -> None:
        """To the child alone, as a container's first process gets it."""
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(number)

    def kill(self) -> None:
        """At once, with all of its group."""
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """SIGTERM, and SIGKILL after `timeout_s`. Returns the exit code."""
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout_s):
                return await self.wait()
        except TimeoutError:
            self.kill()
            return await self.wait()

    async def _end(self) -> int:
        code = await self._child.wait()
        await _let_go(self._keeper)
        return code


async def start(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path | None = None, pass_fds: Sequence[int] = ()
) -> Offspring:
    """Starts a command with exactly this environment. Raises FileNotFoundError when there is no such program.

    What cannot be executed for another reason ends with exit code 126 or 127, as the shell says it.
    """
    output, write_end = await _pipe()
    try:
        child = await asyncio.create_subprocess_exec(
            *(SHELL, "-c", GATE, "gate", *command),
            env=environment,
            cwd=folder,
            stdin=PIPE,
            stdout=write_end,
            stderr=STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    finally:
        os.close(write_end)
    keeper = await _keeper_of(child)
    await _open(child)
    return Offspring(child, keeper, output)


async def _pipe() -> tuple[asyncio.StreamReader, int]:
    """A pipe of our own: asyncio holds an exit back for as long as a grandchild keeps a pipe of asyncio's open."""
    read_end, write_end = os.pipe()
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0))
    return reader, write_end


async def _keeper_of(child: Process) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *(SHELL, "-c", KEEPER, "keeper", str(child.pid)),
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        child.kill()
        raise


async def _open(child: Process) -> None:
    assert child.stdin is not None, "a pipe"  # noqa: S101
    with contextlib.suppress(ConnectionError):
        child.stdin.write(b"\n")
        await child.stdin.drain()
        child.stdin.close()
        await child.stdin.wait_closed()


async def _let_go(keeper: Process) -> None:
    """The keeper's pipe ends: it kills what is left of the group, and ends."""
    assert keeper.stdin is not None, "a pipe"  # noqa: S101
    keeper.stdin.close()
    await keeper.wait()
