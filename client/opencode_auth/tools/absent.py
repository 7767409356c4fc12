"""What a configuration does not have."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from opencode_auth.errors import ClientError


class Absent(Enum):
    """No value, which is not the same as null."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


def value_at(content: Any, path: Sequence[str]) -> Any | Absent:
    """What objects within objects, or tables within tables, have at a path of names."""
    for name in path:
        if not isinstance(content, dict) or name not in content:
            return ABSENT
        content = content[name]
    return content


class NotUnderstood(ClientError):
    """A configuration that cannot be edited; the message says where and why."""


class NotATable(NotUnderstood):
    """A configuration has a plain value where there should be an object or table."""

    def __init__(self, path: Sequence[str]) -> None:
        where = ".".join(path) or "the whole file"
        super().__init__(f"expected an object at {where!r}, found a plain value")
