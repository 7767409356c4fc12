"""A change as people read it, without the secrets that a file may hold beside it."""

import difflib
import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

SECRET = re.compile(r'((?:key|token|secret|password)\w*"?\s*[:=]\s*)"((?:[^"\\]|\\.)+)"', re.IGNORECASE)
"""A text under a name that secrets have, in JSON or TOML."""
HIDDEN = '"..."'


def unified(file: Path, before: str, after: str, ours: Collection[Any]) -> str:
    """The unified diff; texts under a secret's name are hidden, except for those that are `ours`."""
    shown = {json.dumps(value, ensure_ascii=False)[1:-1] for value in ours if isinstance(value, str)}
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(file), str(file), lineterm="")
    return "\n".join(SECRET.sub(lambda found: without_secret(found, shown), line) for line in lines)


def without_secret(found: re.Match[str], shown: Collection[str]) -> str:
    return found[0] if found[2] in shown else found[1] + HIDDEN
