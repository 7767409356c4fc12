"""Versions of batches: they rise whatever the clock does, and however often the proxy is started anew."""

import logging
from collections.abc import Callable
from pathlib import Path

from opencode_auth.errors import Misused
from opencode_auth.files import read_state, write_json
from opencode_auth.paths import state_folder

LOG = logging.getLogger(__name__)
RESERVED_MS = 10_000
"""Written down ahead, so that batches seldom wait for the disk; a proxy that starts goes on behind them."""
MOST_AHEAD_MS = 24 * 60 * 60 * 1000
"""The share host refuses versions that are further ahead of its clock: one of those has ordered nothing."""


class Versions:
    """Milliseconds since the epoch, and always more than the last: the order of batches, whichever arrives first."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._last = self._reserved = kept()

    def next(self) -> int:
        now_ms = int(self._now_s() * 1000)
        last = self._last if self._last <= now_ms + MOST_AHEAD_MS else 0
        self._last = max(last + 1, now_ms)
        if not self._last <= self._reserved <= self._last + RESERVED_MS:
            self._reserved = self._last + RESERVED_MS
            keep(self._reserved)
        return self._last


def file() -> Path:
    return state_folder() / "share-versions.json"


def kept() -> int:
    """No version above it was ever given; 0 where nothing is known."""
    try:
        match read_state(file()):
            case {"reserved": int(version)} if version > 0:
                return version
    except Misused as error:
        LOG.warning("the order of shared batches starts anew: %s", error.message)
    return 0


def keep(version: int) -> None:
    try:
        write_json(file(), {"reserved": version})
    except Misused as error:
        LOG.warning("the order of shared batches will not outlast this process: %s", error.message)
