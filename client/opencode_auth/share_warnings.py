"""What looked like secrets in sessions that were shared from this machine: kinds and counts, as the proxy was told."""

import re
from collections.abc import Mapping
from pathlib import Path

from opencode_auth.files import read_state, write_json
from opencode_auth.paths import state_folder

KIND = re.compile(r"[a-z0-9-]{1,64}")
MOST_KEPT = 200
"""Shares, the last ones: a person has 100 live ones at most."""
Found = Mapping[str, Mapping[str, int]]
"""By share and kind."""


def file() -> Path:
    return state_folder() / "share-warnings.json"


def every() -> dict[str, dict[str, int]]:
    """By share and kind, how many were found at once at most; empty from a damaged file. Raises Misused."""
    known = {share_id: counts(found) for share_id, found in read_state(file()).items()}
    return {share_id: found for share_id, found in known.items() if found}


def add(share_id: str, found: Mapping[str, int]) -> None:
    """Written only where it says something new: every change of a session is shared again. Raises Misused."""
    known = every()
    before = known.pop(share_id, {})
    after = {kind: max(before.get(kind, 0), found.get(kind, 0)) for kind in sorted({*before, *found})}
    if after != before:
        kept = [*known.items(), (share_id, after)][-MOST_KEPT:]
        write_json(file(), dict(kept))


def words(found: Mapping[str, int]) -> str:
    """As `2 github-token, 1 private-key`."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(found.items()))


def counts(value: object) -> dict[str, int]:
    """By kind; without what is no kind or no count."""
    found = value.items() if isinstance(value, dict) else ()
    return {kind: count for kind, count in found if KIND.fullmatch(kind) and type(count) is int and count > 0}
