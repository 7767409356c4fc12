"""A reader of a share as the page is one: it follows pages, applies frames in order, and asks when it lacks some."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]
Ask = Callable[[str], Awaitable[Json]]
"""The state of a query string."""


@dataclass
class Reader:
    ask: Ask
    sequence: int = 0
    items: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """Version and item by key."""
    applied: list[int] = field(default_factory=list)
    """Sequence numbers of the frames that were taken as they came."""

    async def catch_up(self) -> Json:
        """All pages; gives the last."""
        page = await self.turn(None)
        while page["next_page"] is not None:
            page = await self.turn(page["next_page"])
        self.sequence = page["sequence"]
        return page

    async def turn(self, number: int | None) -> Json:
        query = f"after={self.sequence}" + ("" if number is None else f"&page={number}")
        page = await self.ask(query)
        if page["is_whole"]:
            self.items.clear()
        self.add(page["items"])
        return page

    async def take(self, frame: Json) -> None:
        if frame["sequence"] <= self.sequence:
            return
        if frame["sequence"] != self.sequence + 1 or "items" not in frame:
            await self.catch_up()
            return
        self.add(frame["items"])
        self.sequence = frame["sequence"]
        self.applied.append(self.sequence)

    def add(self, entries: Any) -> None:
        for entry in entries:
            found = self.items.get(entry["key"])
            if found is None or found[0] <= entry["version"]:
                self.items[entry["key"]] = (entry["version"], entry["item"])
