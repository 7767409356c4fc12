"""A request body taken apart just far enough to route it: two members read, all others kept as the bytes they are."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Raw

from opencode_router.errors import BadRequest
from opencode_router.translate.decoding import decoded

T = TypeVar("T")
Value = str | int | Sequence[object] | Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A JSON object whose members are unparsed."""

    members: Mapping[str, Raw]
    model: str
    is_streaming: bool
    body: bytes

    def with_members(self, changes: Mapping[str, Value | None]) -> bytes:
        """The body again with `changes` made; None removes. All other members keep their exact bytes."""
        merged = {**self.members, **changes}
        return msgspec.json.encode({name: value for name, value in merged.items() if value is not None})


MEMBERS = msgspec.json.Decoder(dict[str, Raw])


def open_envelope(body: bytes) -> Envelope:
    """Raises BadRequest naming the member that is missing or of the wrong type."""
    members = decoded(body, MEMBERS.decode)
    model = member(members, "model", str)
    if not model:
        raise BadRequest("the name of a model is required", param="model")
    return Envelope(members=members, model=model, is_streaming=bool(member(members, "stream", bool)), body=body)


@cache
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Built once: building one takes longer than reading a member."""
    return msgspec.json.Decoder(kind | None)


def member(members: Mapping[str, Raw], name: str, kind: type[T]) -> T | None:
    """One member parsed as `kind`; null and absent are None. Raises BadRequest naming it."""
    if name not in members:
        return None
    try:
        value: T | None = decoder(cast(Hashable, kind)).decode(members[name])
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"{error}", param=name) from error
    return value
