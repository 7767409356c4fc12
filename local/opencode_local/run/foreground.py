"""The cloud of one run in the foreground: from its start to Ctrl-C."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from opencode_local.run.cloud import Cloud, Say
from opencode_local.run.control import Control
from opencode_local.run.failure import TOLD
from opencode_local.run.guide import guide
from opencode_local.run.introduction import introduced
from opencode_local.run.options import Options
from opencode_local.run.run_file import RUN_FILE
from opencode_local.run.starting import running_cloud
from opencode_local.run.watching import roll_on_changes

IMPATIENT = 130
"""What a shell reports of a program that Ctrl-C has ended."""


def run(options: Options) -> int:
    """The exit code."""
    return asyncio.run(until_ended(options))


async def until_ended(options: Options) -> int:
    end_on_signals(asyncio.current_task())
    try:
        async with shown(options, clocked(time.monotonic())):
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        return 0
    except TOLD as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def end_on_signals(task: "asyncio.Task[int] | None") -> None:
    """The first Ctrl-C ends the run in order. A second one ends it at once: what it has started ends with it."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, leave)
        if task:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)


def leave() -> None:
    RUN_FILE.unlink(missing_ok=True)
    os._exit(IMPATIENT)


def clocked(started_s: float) -> Say:
    def say(what: str) -> None:
        print(f"{time.monotonic() - started_s:5.1f} s  {what}", flush=True)

    return say


@asynccontextmanager
async def shown(options: Options, say: Say) -> AsyncIterator[Cloud]:
    """A running cloud, its facts in the run's file and on the screen."""
    async with AsyncExitStack() as stack:
        cloud = await stack.enter_async_context(running_cloud(options, say))
        control = Control(cloud.status)
        await control.start()
        stack.push_async_callback(control.stop)
        if options.watches:
            await stack.enter_async_context(roll_on_changes(cloud.services, say))
        run = await introduced(cloud, control)
        stack.callback(RUN_FILE.unlink, missing_ok=True)
        run.write()
        print(f"\n{guide(run)}", flush=True)
        gc.freeze()
        gc.enable()
        try:
            yield cloud
        finally:
            say("stopping")
