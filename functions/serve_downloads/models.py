"""The gateway's models, as it tells everyone at /.well-known/opencode."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from serve_downloads.page import ModelRow
from served_site.fetched import Fetch, Unreachable

PATH = "/.well-known/opencode"
MAX_BYTES = 512 * 1024
LIFE_S = 300.0
FAILURE_LIFE_S = 30.0
"""The page waits for a gateway that does not answer twice a minute, not for every visitor."""


@dataclass(frozen=True, kw_only=True)
class Offered:
    models: tuple[ModelRow, ...]
    first_model: str
    """The id that tools begin with, or empty."""


NOTHING = Offered(models=(), first_model="")


class Models:
    """Kept for 5 minutes, and for as long as the gateway cannot be reached."""

    def __init__(self, gateway_url: str, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._url, self._fetch, self._clock = gateway_url + PATH, fetch, clock
        self._offered = NOTHING
        self._ends_s = 0.0

    def offered(self) -> Offered:
        if self._clock() >= self._ends_s:
            try:
                self._offered, life_s = offered(self._fetch(self._url, MAX_BYTES)), LIFE_S
            except (Unreachable, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                life_s = FAILURE_LIFE_S
            self._ends_s = self._clock() + life_s
        return self._offered


def offered(document: bytes) -> Offered:
    """Raises ValueError, KeyError, TypeError, AttributeError or RecursionError for what is no such document."""
    config = json.loads(document)["config"]
    return Offered(
        models=tuple(rows(config)),
        first_model=str(config.get("model", "")).partition("/")[2],
    )


def rows(config: Mapping[str, Any]) -> Iterator[ModelRow]:
    """Of an opencode.json. Source: opencode.ai/docs/providers and https://opencode.ai/config.json (read 2026-11-21)."""
    for provider in config["provider"].values():
        for id_, model in provider["models"].items():
            limit, cost = model.get("limit", {}), model.get("cost", {})
            yield ModelRow(
                id=id_,
                name=str(model.get("name", id_)),
                context=tokens(limit.get("context")),
                output=tokens(limit.get("output")),
                accepts_images="image" in model.get("modalities", {}).get("input", ()),
                uses_tools=model.get("tool_call") is True,
                input_price=price(cost.get("input")),
                cached_price=price(cost.get("cache_read")),
                output_price=price(cost.get("output")),
            )


def tokens(count: int | None) -> str:
    """`200K` or `1M`."""
    if not count:
        return ""
    return f"{count / 1e6:g}M" if count >= 1_000_000 else f"{count / 1e3:.0f}K"


def price(usd: float | None) -> str:
    """`$3.00`, `$0.035`."""
    if usd is None:
        return ""
    return f"${usd:.2f}" if round(usd, 2) == usd else f"${usd:.4f}".rstrip("0")
