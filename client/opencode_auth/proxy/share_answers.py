"""What the share host says of a batch that it takes: `{"success", "sequence", "skipped"?, "secrets"?, "redaction"?}`.

Nothing in it is content: reasons by places in the batch, kinds of secrets by how many there are.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opencode_auth import share_warnings
from opencode_auth.proxy.relay import Answered

LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What looked like some in one part of a batch."""

    counts: Mapping[str, int]
    """By kind, as `github-token`."""
    are_masked: bool
    """Taken out, so that nobody who reads the share sees them."""


def skipped(answered: Answered) -> Iterator[str]:
    """Why some items of a part were not taken while others were, by their place in it."""
    items = document(answered).get("skipped")
    for item in items if isinstance(items, list) else ():
        match item:
            case {"why": str(why)}:
                yield "".join(letter if letter.isprintable() else "?" for letter in why[:LONGEST_REASON])


def secrets(answered: Answered) -> Secrets:
    said = document(answered)
    return Secrets(counts=share_warnings.counts(said.get("secrets")), are_masked=said.get("redaction") == "mask")


def document(answered: Answered) -> Mapping[str, Any]:
    """Empty for an answer that is no JSON object."""
    try:
        said = json.loads(answered.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
