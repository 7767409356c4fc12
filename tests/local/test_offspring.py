"""Child processes that cannot outlive their parent."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil

from opencode_local.offspring import group

OBSTINATE = "trap '' TERM; sleep 100 & echo $!; wait"
PARENT = """
import asyncio, os, sys
from pathlib import Path
from opencode_local.offspring import group

async def main():
    child = await group.started(["/bin/sh", "-c", "sleep 100 & echo $!; wait"], os.environ, Path.cwd())
    print(child.pid, int(await child.output.read()), flush=True)
    await child.wait()

asyncio.run(main())
"""
HERE = Path.cwd()


async def first_number(child: group.ProcessGroup) -> int:
    return int(await child.output.read())


async def have_ended(*processes: psutil.Process) -> bool:
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, timeout=10)
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


async def test_a_child_has_exactly_the_given_environment_and_one_output() -> None:
    code = "import os, sys; print(os.environ.get('A'), 'HOME' in os.environ, flush=True); sys.stderr.write('err')"
    child = await group.started([sys.executable, "-c", code], {"A": "1"}, HERE)

    assert [line async for line in child.output.lines()] == [b"1 False", b"err"]
    assert await child.wait() == child.exit_code == 0


async def test_what_does_not_hear_is_killed_with_all_it_has_started() -> None:
    child = await group.started(["/bin/sh", "-c", OBSTINATE], os.environ, HERE)
    grandchild = psutil.Process(await first_number(child))

    child.send_signal(signal.SIGTERM)
    child.kill()

    assert await child.wait() == -signal.SIGKILL
    assert await have_ended(grandchild)
    child.output.close()


async def test_what_a_child_leaves_behind_ends_with_it() -> None:
    child = await group.started(["/bin/sh", "-c", "sleep 100 & echo $!"], os.environ, HERE)
    left = psutil.Process(await first_number(child))

    assert await child.wait() == 0
    assert await have_ended(left)
    child.output.close()


async def test_a_connection_that_a_child_was_given_ends_with_the_child() -> None:
    reading, writing = os.pipe()
    child = await group.started(["/bin/sh", "-c", "exit 0"], os.environ, HERE, pass_fds=[writing])
    os.close(writing)

    assert await asyncio.to_thread(os.read, reading, 1) == b""
    await child.wait()
    child.output.close()
    os.close(reading)


async def test_a_command_that_is_not_there_ends_with_127_and_says_so() -> None:
    child = await group.started(["/nowhere/program"], {}, HERE)

    assert b"No such file" in b"".join([line async for line in child.output.lines()])
    assert await child.wait() == 127


async def test_children_die_with_a_parent_that_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert parent.stdout is not None
    family = [psutil.Process(int(pid)) for pid in (await parent.stdout.readline()).split()]

    parent.kill()
    await parent.communicate()

    assert await have_ended(*family)
