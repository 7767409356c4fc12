"""What a share consists of: items as OpenCode sends them, each under a key of its own.

OpenCode sends nothing twice, and a newer one may send what is not known here: an item that cannot be taken is skipped,
and told, and costs the others nothing.
Source: github.com/anomalyco/opencode, packages/opencode/src/share/share-next.ts, version 1.18.33 (read 2026-11-21).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from share_sessions import limits
from share_sessions.problems import BadRequest, TooLarge

ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
MAX_DEPTH = 100
"""Levels of an item: every reader, browsers among them, can follow so many."""
FIELDS = frozenset({"type", "data"})
Item = Mapping[str, Any]
"""{"type": "session" | "message" | "part" | "session_diff" | "model", "data": ...}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    key: str
    """`session`, `message/<id>`, `part/<message id>/<id>`, `session_diff` or `model`."""
    text: str
    """The item's canonical JSON."""

    @property
    def size_bytes(self) -> int:
        return len(encoded(self.text))

    @property
    def item(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An item that is not taken."""

    at: str
    """Its place, as `data[3]`."""
    problem: BadRequest | TooLarge
    """Its text says why, and nothing of the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    batch: Sequence[Keyed]
    skipped: Sequence[Skipped] = ()


def canonical(value: Any) -> str:
    """The one JSON text of equal values: names in order, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def encoded(text: str) -> bytes:
    """Of JSON. Halves of surrogate pairs, which UTF-8 has not, become JSON's escapes."""
    return text.encode(errors="backslashreplace")


def decoded(content: bytes) -> Any:
    """JSON as the standard has it: neither NaN nor numbers beyond what a double holds. Raises ValueError."""
    try:
        return json.loads(content, parse_constant=refuse_number, parse_float=finite)
    except RecursionError as error:
        raise ValueError("it has too many levels") from error


def refuse_number(_text: str) -> NoReturn:
    raise ValueError("it has a number that JSON has not")


def finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        refuse_number(text)
    return number


def as_it_is(one: Keyed, _at: str) -> Keyed:
    return one


def checked(data: Any, looked_at: Callable[[Keyed, str], Keyed] = as_it_is) -> Checked:
    """Of a batch's `data`, each item as `looked_at` leaves it; that raises BadRequest or TooLarge for what has to stay.

    Raises BadRequest and TooLarge for the batch as a whole; where nothing of it can be taken, why its first item
    cannot, named by its place.
    """
    if not isinstance(data, list):
        raise BadRequest("data has to be a list of items")
    if len(data) > limits.BATCH_ITEMS:
        raise TooLarge("data", value=len(data), limit=limits.BATCH_ITEMS, unit="items")
    batch: list[Keyed] = []
    skipped: list[Skipped] = []
    for place, item in enumerate(data):
        at = f"data[{place}]"
        try:
            batch.append(looked_at(keyed(item, at), at))
        except (BadRequest, TooLarge) as problem:
            skipped.append(Skipped(at=at, problem=problem))
    if skipped and not batch:
        raise skipped[0].problem
    return Checked(batch=batch, skipped=skipped)


def keyed(item: Any, at: str) -> Keyed:
    if not isinstance(item, dict) or item.keys() != FIELDS:
        raise BadRequest(f"{at} has to be an object of type and data")
    if is_deeper(item, MAX_DEPTH):
        raise BadRequest(f"{at} has more than {MAX_DEPTH} levels")
    made = Keyed(key=key(item, at), text=canonical(item))
    if made.size_bytes > limits.ITEM_BYTES:
        raise TooLarge(at, value=made.size_bytes, limit=limits.ITEM_BYTES, unit="bytes")
    return made


def key(item: Item, at: str = "item") -> str:
    """Raises BadRequest, which names the field."""
    kind, data = item["type"], item["data"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadRequest(f"{at}.type has to be one of {', '.join(KINDS)}")
    shape, name = KINDS[kind]
    if not isinstance(data, shape):
        raise BadRequest(f"{at}.data has to be {'a list' if shape is list else 'an object'}")
    return name(data, f"{at}.data")


def id_of(data: Mapping[str, Any], field: str, at: str) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise BadRequest(f"{at}.{field} has to be 1 to 128 letters, digits, _, ., : and -")
    return value


def message_key(data: Mapping[str, Any], at: str) -> str:
    return f"message/{id_of(data, 'id', at)}"


def part_key(data: Mapping[str, Any], at: str) -> str:
    return f"part/{id_of(data, 'messageID', at)}/{id_of(data, 'id', at)}"


KINDS: Mapping[str, tuple[type, Callable[[Any, str], str]]] = {
    "session": (dict, lambda _data, _at: "session"),
    "message": (dict, message_key),
    "part": (dict, part_key),
    "session_diff": (list, lambda _data, _at: "session_diff"),
    "model": (list, lambda _data, _at: "model"),
}
"""The shape of `data`, and the key, by type."""


def is_deeper(value: Any, levels: int) -> bool:
    """Level by level, so that no text makes the interpreter run out of its own."""
    level = [value]
    for _ in range(levels):
        level = [child for parent in level for child in children(parent)]
        if not level:
            return False
    return True


def children(value: Any) -> Iterator[Any] | Sequence[Any]:
    if isinstance(value, dict):
        return iter(value.values())
    return value if isinstance(value, list) else ()
