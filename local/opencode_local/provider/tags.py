"""Tags in the shapes that AWS's services want."""

from collections.abc import Iterable, Mapping
from typing import Any


def pairs(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """`[{"Key": ..., "Value": ...}]`, in order of the keys."""
    return [{key: name, value: text} for name, text in sorted((tags or {}).items())]


def mapping(tags: Iterable[Mapping[str, Any]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """The reverse of `pairs`, without the tags that AWS itself sets."""
    return {tag[key]: tag.get(value, "") for tag in tags or () if not tag[key].startswith("aws:")}


def changes(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> tuple[dict[str, str], list[str]]:
    """The tags to set and the keys to remove."""
    before, after = dict(old or {}), dict(new or {})
    return {k: v for k, v in after.items() if before.get(k) != v}, sorted(before.keys() - after.keys())
