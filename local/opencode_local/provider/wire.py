"""Property bags as the engine's protocol carries them, to and from plain Python.

The signatures are fixed by the protocol: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig
(read 2026-11-21).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker of the protocol
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown:
    """A value that exists only once the resource it comes from does; occurs in previews alone."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


def properties(struct: Struct) -> dict[str, Any]:
    """Whole numbers as int, secrets unwrapped, resource references as ids, no null entries."""
    return {key: python(value) for key, value in struct.items() if value is not None}


def python(value: Any) -> Any:
    """One protocol value; assets and archives stay as the protocol carries them."""
    if isinstance(value, Mapping) or hasattr(value, "fields"):
        if SIGNATURE in value:
            return _signed(value)
        return {key: python(entry) for key, entry in value.items() if entry is not None}
    if hasattr(value, "values") or isinstance(value, list):
        return [python(entry) for entry in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return UNKNOWN if value == UNKNOWN_VALUE else value


def _signed(entries: Any) -> Any:
    signature = entries[SIGNATURE]
    if signature == SECRET:
        return python(entries["value"])
    if signature == OUTPUT:
        return python(entries["value"]) if "value" in entries else UNKNOWN
    if signature == RESOURCE:
        return python(entries["id"]) if "id" in entries else entries["urn"]
    return {key: python(entry) for key, entry in entries.items()}


def struct(values: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.update({key: protocol(value) for key, value in values.items()})
    return made


def protocol(value: Any) -> Any:
    """A Python value as nested dicts, lists and scalars that a Struct takes."""
    if value is UNKNOWN:
        return UNKNOWN_VALUE
    if isinstance(value, Mapping):
        return {key: protocol(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, list | tuple):
        return [protocol(entry) for entry in value]
    return value


def is_known(value: Any) -> bool:
    """Whether no part of it is unknown."""
    return all(part is not UNKNOWN for part in _parts(value))


def _parts(value: Any) -> Iterator[Any]:
    yield value
    nested = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for entry in nested:
        yield from _parts(entry)
