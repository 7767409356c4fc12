"""A process that runs a container until it is killed. The container and its child hold a connection to the test."""

import asyncio
import os
import sys
from pathlib import Path

from opencode_local.offspring import group

SOURCE = """
import signal, socket, subprocess, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
waiting = [sys.executable, "-S", "-c", "import signal; signal.pause()"]
child = subprocess.Popen(waiting, pass_fds=[connection.fileno()])
connection.sendall(b"both are here\\n")
signal.pause()
"""


async def main() -> None:
    words = [sys.executable, "-S", "-c", SOURCE, *sys.argv[1:]]
    running = await group.started(words, dict(os.environ), Path.cwd())
    await running.wait()


asyncio.run(main())
