"""`make first-answer`: how long it takes from `make up` to the first answer, written into the README.

Each round starts everything anew in an empty folder, on a machine that has the packages installed already.
"""

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

from bench.processes import BenchFailed
from opencode_local.run.guide import CHAT_MODEL, END
from opencode_local.run.run_file import RUN_FILE

ROUNDS = 3
README = Path(__file__).parents[1] / "README.md"
PLACE = re.compile(r"(?<=<!-- first-answer -->).*?(?=<!-- /first-answer -->)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Seconds since the command was given."""

    ready_s: float
    answered_s: float


async def main() -> None:
    rounds = [await one_round() for _ in range(ROUNDS)]
    sentence = summary(rounds)
    print(sentence)
    README.write_text(PLACE.sub(sentence, README.read_text(), count=1))


def summary(rounds: Sequence[Round]) -> str:
    ready_s, answered_s = (median(getattr(one, name) for one in rounds) for name in ("ready_s", "answered_s"))
    cores = os.cpu_count()
    return f"ready after {ready_s:.1f} s, the first answer after {answered_s:.1f} s (median of {ROUNDS}, {cores} cores)"


async def one_round() -> Round:
    """Raises BenchFailed when it does not come up, or answers with anything but 200."""
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.perf_counter()
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "opencode_local", "up", cwd=folder, stdout=asyncio.subprocess.PIPE
        )
        try:
            await ready(running)
            ready_s = time.perf_counter() - started_s
            await answered(json.loads((Path(folder) / RUN_FILE).read_text()))
            return Round(ready_s=ready_s, answered_s=time.perf_counter() - started_s)
        finally:
            if running.returncode is None:
                running.send_signal(signal.SIGTERM)
            await running.communicate()


async def ready(running: asyncio.subprocess.Process) -> None:
    assert running.stdout is not None
    while line := await running.stdout.readline():
        if END in line.decode():
            return
    raise BenchFailed("`make up` ended before it was ready")


async def answered(run: dict[str, str]) -> None:
    body = {"model": CHAT_MODEL, "messages": [{"role": "user", "content": "Say hello"}]}
    asking = aiohttp.ClientSession(run["url"], headers={"Authorization": f"Bearer {run['api_key']}"})
    async with asking as client, client.post("/v1/chat/completions", json=body) as response:
        if response.status != 200:
            raise BenchFailed(f"the first answer was {response.status}: {await response.text()}")


if __name__ == "__main__":
    asyncio.run(main())
