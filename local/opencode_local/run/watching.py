"""Rolls a service out anew when its sources have changed: WATCH=1."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from watchfiles import PythonFilter, awatch

from opencode_stacks.environment import ROOT

SOURCES = ROOT / "router" / "opencode_router"


class Rollable(Protocol):
    """A service, as far as it matters here."""

    @property
    def name(self) -> str: ...

    async def roll(self) -> None: ...


class Sources(PythonFilter):
    """Python, and the data beside it."""

    def __init__(self) -> None:
        super().__init__(extra_extensions=(".toml", ".json"))


@asynccontextmanager
async def roll_on_changes(
    services: Sequence[Rollable], say: Callable[[str], None], folder: Path = SOURCES
) -> AsyncIterator[None]:
    """While it is open, a saved source starts a new deployment of every service."""
    watching = asyncio.create_task(roll(services, say, folder))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def roll(services: Sequence[Rollable], say: Callable[[str], None], folder: Path) -> None:
    async for found in awatch(folder, watch_filter=Sources()):
        changed = min(Path(path).name for _, path in found)
        say(f"{changed} has changed: a new deployment of {', '.join(service.name for service in services)}")
        for service in services:
            await service.roll()
