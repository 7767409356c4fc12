"""What changes between two sets of inputs, and which changes make a new resource."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from opencode_local.provider.comparison import is_equal
from opencode_local.provider.handler import Handler
from opencode_local.provider.naming import declared, is_made_up

POSITION = re.compile(r"\[\d+\]")
PLAIN_KEY = re.compile(r"\w+")


class Kind(Enum):
    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One changed property: its path (`tags.Name`, `routes[0].cidrBlock`)."""

    path: str
    kind: Kind
    replaces: bool

    @property
    def property(self) -> str:
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


def changes(handler: Handler, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Both are inputs: `old` as last applied or found by a refresh, `new` as checked."""
    return [
        Change(path, kind, replaces=_replaces(handler, path))
        for path, kind in _changed(_comparable(old, new), _comparable(new, old), "")
    ]


def deletes_first(handler: Handler, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a replacement cannot exist beside the old resource: its name was given and stays the same."""
    rule = handler.auto_name
    return rule is not None and not is_made_up(rule, new) and old.get(rule.property) == new.get(rule.property)


def _comparable(inputs: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """A region given on one side only is the provider's own, written out."""
    ours = declared(inputs)
    return ours if other.get("region") else {name: value for name, value in ours.items() if name != "region"}


def _replaces(handler: Handler, path: str) -> bool:
    """`replace_on` names whole properties, or parts of them by a dotted path without positions."""
    steps = POSITION.sub("", path).split(".")
    named = {".".join(steps[: length + 1]) for length in range(len(steps))}
    return not named.isdisjoint({"region", *handler.replace_on})


def _changed(old: Any, new: Any, path: str) -> Iterator[tuple[str, Kind]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _entry(old.get(key), new.get(key), _inner(path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _entry(before, after, f"{path}[{number}]")
    elif not is_equal(old, new):
        yield path, Kind.UPDATE


def _inner(path: str, key: str) -> str:
    """The engine's property path: `tags.Name`, but `tags["a.b"]`."""
    if not path:
        return key
    return f"{path}.{key}" if PLAIN_KEY.fullmatch(key) else f'{path}["{key}"]'


def _entry(old: Any, new: Any, path: str) -> Iterator[tuple[str, Kind]]:
    if old is None and new is None:
        return
    if old is None:
        yield path, Kind.ADD
    elif new is None:
        yield path, Kind.DELETE
    else:
        yield from _changed(old, new, path)
