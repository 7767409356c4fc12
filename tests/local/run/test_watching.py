"""WATCH=1: a saved source is a new deployment."""

import asyncio
from pathlib import Path

from opencode_local.run.watching import roll_on_changes


class Deployed:
    """A service that only counts its deployments."""

    name = "gateway"

    def __init__(self) -> None:
        self.rolled = asyncio.Event()

    async def roll(self) -> None:
        self.rolled.set()


async def test_a_saved_source_rolls_the_service_out_and_says_which_it_was(tmp_path: Path) -> None:
    service, said = Deployed(), list[str]()
    source = tmp_path / "app.py"
    async with roll_on_changes([service], said.append, tmp_path), asyncio.timeout(30):
        rolled = asyncio.create_task(service.rolled.wait())
        version = 0
        while not rolled.done():  # the watch says nothing of when it has begun
            version += 1
            source.write_text(f"version = {version}\n")
            await asyncio.wait({rolled}, timeout=0.2)

    assert said[0] == "app.py has changed: a new deployment of gateway"
