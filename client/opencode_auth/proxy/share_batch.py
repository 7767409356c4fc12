"""A batch of a share's items as OpenCode sends it: given a version, and cut into parts that the service takes.

Pure functions over JSON texts. Source: `packages/opencode/src/share/share-next.ts` of github.com/anomalyco/opencode
(read 2026-11-21): `{"secret", "data": [{"type", "data"}]}`. Earlier versions name an item twice in one batch.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ITEM_BYTES = 700_000
MOST_PART_BYTES = 700_000
"""The service takes 900,000 with the secret and the version around it."""
MOST_PART_ITEMS = 1_000
IDS: Mapping[str, tuple[str, ...]] = {
    "session": (),
    "message": ("id",),
    "part": ("messageID", "id"),
    "session_diff": (),
    "model": (),
}
"""By type: the members of `data` that tell its items apart."""
LONGEST_NAME = 200


class NotABatch(Exception):
    """A body that only the service can judge."""


@dataclass(frozen=True, kw_only=True)
class TooLarge:
    """An item that no service of ours takes: `name` as `part/msg_1/prt_2`."""

    name: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Batch:
    """`parts` are bodies to be sent in this order; all have the same version."""

    parts: Sequence[bytes]
    too_large: Sequence[TooLarge]


def batch(body: bytes, version: int) -> Batch:
    """An item that comes twice counts once, as it came last. Raises NotABatch."""
    document = parsed(body)
    items = last_of_each(document["data"])
    written = [encoded(item) for item in items]
    too_large = [
        TooLarge(name=name_of(item), size_bytes=len(text))
        for item, text in zip(items, written, strict=True)
        if len(text) > MOST_ITEM_BYTES
    ]
    fitting = [text for text in written if len(text) <= MOST_ITEM_BYTES]
    kept = {name: value for name, value in document.items() if name != "data"}
    around = encoded({**kept, "version": version, "data": []})
    # a batch without items is still one for the service to answer; one whose items are all too large is not
    groups = [*grouped(fitting)] or ([] if too_large else [[]])
    return Batch(parts=[with_items(around, group) for group in groups], too_large=too_large)


def parsed(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotABatch from error
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise NotABatch
    return document


def last_of_each(items: Sequence[object]) -> list[object]:
    """What cannot be told apart by a name is kept as often as it comes."""
    found = {key_of(item) or (str(place),): item for place, item in enumerate(items)}
    return [*found.values()]


def key_of(item: object) -> tuple[str, ...] | None:
    """`("part", "msg_1", "prt_2")`; None for an item that has none."""
    match item:
        case {"type": str(kind), "data": data} if kind in IDS:
            ids = [data.get(name) if isinstance(data, dict) else None for name in IDS[kind]]
            texts = tuple(id_ for id_ in ids if isinstance(id_, str))
            return (kind, *texts) if len(texts) == len(ids) else None
    return None


def name_of(item: object) -> str:
    name = "/".join(key_of(item) or ("an item without a key",))
    return "".join(letter if letter.isprintable() else "?" for letter in name[:LONGEST_NAME])


def encoded(value: object) -> bytes:
    """JSON in UTF-8; half a surrogate pair, which UTF-8 lacks, is escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def grouped(items: Iterable[bytes]) -> Iterator[list[bytes]]:
    """In order, as many to a group as fit."""
    group: list[bytes] = []
    size_bytes = 0
    for item in items:
        if group and (size_bytes + len(item) > MOST_PART_BYTES or len(group) == MOST_PART_ITEMS):
            yield group
            group, size_bytes = [], 0
        group.append(item)
        size_bytes += len(item) + 1
    if group:
        yield group


def with_items(around: bytes, items: Sequence[bytes]) -> bytes:
    """`around` ends with the empty list that the items go into."""
    return around.removesuffix(b"[]}") + b"[" + b",".join(items) + b"]}"
