"""Child processes that cannot outlive their parent."""

import asyncio
import os
import signal
import sys

import psutil

from opencode_local import offspring

OBSTINATE = "trap '' TERM; sleep 100 & echo $!; wait"
PARENT = """
import asyncio, os, sys
from opencode_local import offspring

async def main():
    child = await offspring.start(["/bin/sh", "-c", "sleep 100 & echo $!; wait"], environment=dict(os.environ))
    print(child.pid, int(await child.output.readline()), flush=True)
    await child.wait()

asyncio.run(main())
"""


async def test_a_child_has_exactly_the_given_environment_and_one_output() -> None:
    code = "import os, sys; print(os.environ.get('A'), 'HOME' in os.environ, flush=True); sys.stderr.write('err')"
    child = await offspring.start([sys.executable, "-c", code], environment={"A": "1"})

    assert await child.output.read() == b"1 False\nerr"
    assert await child.wait() == child.exit_code == 0


async def test_a_child_that_does_not_hear_is_killed_with_all_it_has_started() -> None:
    child = await offspring.start(["/bin/sh", "-c", OBSTINATE], environment=dict(os.environ))
    grandchild = psutil.Process(int(await child.output.readline()))

    assert await child.stop(timeout_s=0.05) == -signal.SIGKILL

    await asyncio.to_thread(psutil.wait_procs, [grandchild], timeout=10)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


async def test_what_a_child_leaves_behind_ends_with_it() -> None:
    child = await offspring.start(["/bin/sh", "-c", "sleep 100 & echo $!"], environment=dict(os.environ))
    left = psutil.Process(int(await child.output.readline()))

    assert await child.wait() == 0

    await asyncio.to_thread(psutil.wait_procs, [left], timeout=10)
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


async def test_a_command_that_is_not_there_ends_with_127() -> None:
    child = await offspring.start(["/nowhere/program"], environment={})

    assert await child.wait() == 127
    await child.output.read()


async def test_children_die_with_a_parent_that_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert parent.stdout is not None
    family = [psutil.Process(int(pid)) for pid in (await parent.stdout.readline()).split()]

    parent.kill()
    await parent.communicate()

    _, alive = await asyncio.to_thread(psutil.wait_procs, family, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
