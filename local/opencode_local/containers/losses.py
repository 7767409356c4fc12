"""Requests that a task had taken upon itself and never settled, found from its own log lines.

A container that says `{"message": "accepted", "request_id": ...}` when it takes a request on, and `{"message": "usage",
"request_id": ...}` when it has settled it, can be held to that after a sudden death. Other lines are passed over.
"""

import json
from collections.abc import Sequence
from typing import Any

ACCEPTED, SETTLED = "accepted", "usage"
SIGNS = (b'"accepted"', b'"usage"')
"""Looked for first: few lines are worth parsing."""


class Losses:
    """Follows the lines of one task."""

    def __init__(self) -> None:
        self._open: dict[str, None] = {}

    def follow(self, line: bytes) -> None:
        if not any(sign in line for sign in SIGNS):
            return
        said = _object(line)
        request_id = said.get("request_id")
        if not isinstance(request_id, str):
            return
        if said.get("message") == ACCEPTED:
            self._open[request_id] = None
        elif said.get("message") == SETTLED:
            self._open.pop(request_id, None)

    @property
    def open(self) -> Sequence[str]:
        """Ids of the requests that are not settled, in the order in which they were accepted."""
        return tuple(self._open)


def _object(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
