"""Shares and batches as the table's entries hold them."""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from share_sessions.items import Keyed, canonical, decoded, encoded, key
from share_sessions.problems import BadRequest
from share_sessions.shares import ID, Keeper, Share, written
from share_sessions.visibility import VISIBILITIES

ENTRY = "share"
"""The sort key of a share's own entry."""
EVENT = "event#"
SEQUENCE_DIGITS = 12
PART_BYTES = 380_000
"""An entry has 400 KB at most; a transaction 4 MB.

Source: Amazon DynamoDB developer guide, "Quotas" (read 2026-11-21).
"""
NUMBERS = (
    *("sequence", "snapshot_sequence", "bytes", "items", "pending_bytes"),
    *("title_version", "arrival_version", "window", "window_batches"),
)
TEXTS = ("owner", "owner_name", "session_id", "secret_hash", "title")
MAX_CURSOR_CHARACTERS = 2_000
Attributes = dict[str, Any]
"""As DynamoDB has them: {"name": {"S": "value"}}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    sequence: int
    version: int
    batch: Sequence[Keyed]


def attributes(values: Mapping[str, Any]) -> Attributes:
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in values.items()}


def values(found: Attributes) -> dict[str, Any]:
    """Numbers are Decimals."""
    deserializer = TypeDeserializer()
    return {name: deserializer.deserialize(value) for name, value in found.items()}


def share_key(id_: str) -> Attributes:
    return attributes({"share": id_, "entry": ENTRY})


def share_attributes(share: Share) -> Attributes:
    numbers = {name: getattr(share, name) for name in NUMBERS}
    texts = {name: getattr(share, name) for name in TEXTS}
    about = {
        "share": share.id,
        "entry": ENTRY,
        "visibility": share.visibility,
        "people": list(share.people),
        "created_at": written(share.created_at),
        "expires_at": written(share.expires_at),
        "ttl": share.ttl_s,
        "is_deleted": share.is_deleted,
    }
    return attributes({**numbers, **texts, **about})


def share_of(found: Attributes) -> Share:
    """Of an entry that is not that of a deleted share."""
    known = values(found)
    numbers: dict[str, Any] = {name: int(known[name]) for name in NUMBERS}
    texts: dict[str, Any] = {name: known[name] for name in TEXTS}
    return Share(
        id=known["share"],
        visibility=VISIBILITIES[known["visibility"]],
        people=tuple(known["people"]),
        created_at=datetime.fromisoformat(known["created_at"]),
        expires_at=datetime.fromisoformat(known["expires_at"]),
        **texts,
        **numbers,
    )


def keeper_of(found: Attributes) -> Keeper:
    """Of any share's entry."""
    known = values(found)
    return Keeper(
        id=known["share"], owner=known["owner"], secret_hash=known["secret_hash"], is_deleted=known["is_deleted"]
    )


def event_name(sequence: int) -> str:
    return f"{EVENT}{sequence:0{SEQUENCE_DIGITS}d}"


def event_entries(share: Share, event: Event) -> Iterator[Attributes]:
    """More than one where an entry cannot hold the batch."""
    packed = zlib.compress(encoded(f"[{','.join(keyed.text for keyed in event.batch)}]"))
    for part, start in enumerate(range(0, len(packed), PART_BYTES)):
        yield attributes(
            {
                "share": share.id,
                "entry": f"{event_name(event.sequence)}#{part}" if part else event_name(event.sequence),
                "version": event.version,
                "items": packed[start : start + PART_BYTES],
                "ttl": share.ttl_s,
            }
        )


def events_of(entries: Iterable[Attributes]) -> Iterator[Event]:
    """Of entries in order."""
    known = map(values, entries)
    for sequence, parts in groupby(known, key=lambda entry: int(entry["entry"].split("#")[1])):
        found = [*parts]
        packed = b"".join(bytes(part["items"]) for part in found)
        items = decoded(zlib.decompress(packed))
        batch = [Keyed(key=key(item), text=canonical(item)) for item in items]
        yield Event(sequence=sequence, version=int(found[0]["version"]), batch=batch)


def cursor_text(last: Attributes) -> str:
    """What a list is continued from; `share`, `owner` and `created_at` are in it."""
    known = values(last)
    text = json.dumps([known["share"], known["owner"], known["created_at"]])
    return urlsafe_b64encode(text.encode()).decode()


def cursor_key(cursor: str, owner: str | None) -> Attributes:
    """Raises BadRequest for a text that is none, or for one of a list of another owner's shares."""
    try:
        if len(cursor) > MAX_CURSOR_CHARACTERS:
            raise ValueError
        share, of, created_at = json.loads(urlsafe_b64decode(cursor))
        written_at = written(datetime.fromisoformat(created_at))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadRequest("cursor has to be one that a list ended with") from error
    is_whole = isinstance(share, str) and ID.fullmatch(share) and isinstance(of, str) and of
    if not is_whole or owner not in {None, of}:
        raise BadRequest("cursor has to be one that this list ended with")
    return attributes({"share": share, "entry": ENTRY, "owner": of, "created_at": written_at})
