"""How long to leave the provider alone after failures: written down, so that all processes share it."""

import random
from dataclasses import asdict, dataclass
from pathlib import Path

from opencode_auth import clock
from opencode_auth.files import read_state, write_json
from opencode_auth.paths import state_folder

FIRST_S = 2.0
LONGEST_S = 300.0
MAX_DOUBLINGS = 8
"""The exponent stops here, however long an outage lasts."""


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """`until_s` is in seconds since the epoch."""

    failures: int = 0
    until_s: float = 0.0

    def left_s(self) -> float:
        """Zero when it is over; a clock that was set back does not make it longer than it can be."""
        left_s = self.until_s - clock.now_s()
        return left_s if 0 < left_s <= LONGEST_S else 0.0


def file() -> Path:
    return state_folder() / "backoff.json"


def current() -> Backoff:
    match read_state(file()):
        case {"failures": int(failures), "until_s": int() | float() as until_s}:
            return Backoff(failures=failures, until_s=until_s)
    return Backoff()


def failed(retry_after_s: float | None) -> Backoff:
    """One more failure, and the longer of the server's wish and half to all of a doubled delay, up to LONGEST_S."""
    failures = current().failures + 1
    longest_s = min(FIRST_S * 2.0 ** min(failures - 1, MAX_DOUBLINGS), LONGEST_S)
    delay_s = random.uniform(longest_s / 2, longest_s)  # noqa: S311  spreads load, guards nothing
    delay_s = min(max(delay_s, retry_after_s or 0.0), LONGEST_S)
    backoff = Backoff(failures=failures, until_s=clock.now_s() + delay_s)
    write_json(file(), asdict(backoff))
    return backoff


def succeeded() -> None:
    file().unlink(missing_ok=True)
