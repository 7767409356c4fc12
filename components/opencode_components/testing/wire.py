"""Property bags as the engine's protocol carries them, to and from plain Python.

The signatures are fixed by the protocol: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig
(read 2026-11-21).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from opencode_components.testing.graph import UNKNOWN

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 a marker of the protocol
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True)
class Secret:
    """A value marked secret on its way in or out."""

    value: Any


def python(value: Any) -> Any:
    """A protocol value as Python: whole numbers as int, secrets as `Secret`, what is unknown as `UNKNOWN`.

    `value` is a Struct, a ListValue or a scalar. Null entries of objects are left out, as the SDK does.
    """
    if hasattr(value, "fields"):
        entries = {key: python(entry) for key, entry in value.items()}
        return signed(entries) if SIGNATURE in entries else {k: v for k, v in entries.items() if v is not None}
    if hasattr(value, "values"):
        return [python(entry) for entry in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return UNKNOWN if value == UNKNOWN_VALUE else value


def signed(entries: dict[str, Any]) -> Any:
    """The value that a signature announces."""
    if entries[SIGNATURE] == SECRET:
        return Secret(entries["value"])
    if entries[SIGNATURE] == RESOURCE:
        return entries.get("id") or entries["urn"]
    return asset(entries)


def asset(entries: dict[str, Any]) -> Any:
    """A file, a text or an address, or an archive of such."""
    if entries[SIGNATURE] == ARCHIVE and "assets" in entries:
        return pulumi.AssetArchive(entries["assets"])
    if "text" in entries:
        return pulumi.StringAsset(entries["text"])
    of_file, of_address = (
        (pulumi.FileArchive, pulumi.RemoteArchive)
        if entries[SIGNATURE] == ARCHIVE
        else (pulumi.FileAsset, pulumi.RemoteAsset)
    )
    return of_file(entries["path"]) if "path" in entries else of_address(entries["uri"])


def plain(value: Any) -> Any:
    """The value with every `Secret` unwrapped, at any depth."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def secret_paths(value: Any, path: str = "") -> frozenset[str]:
    """Where secrets are: `a.b[0]`."""
    if isinstance(value, Secret):
        return frozenset({path})
    return frozenset(found for step, entry in steps(value) for found in secret_paths(entry, joined(path, step)))


def steps(value: Any) -> Iterator[tuple[str | int, Any]]:
    """Keys with entries of a mapping, positions with entries of a list, nothing of a scalar."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def joined(path: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


def protocol(value: Any) -> Any:
    """A Python value as nested dicts, lists and scalars that a Struct takes."""
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": protocol(value.value)}
    if value is UNKNOWN:
        return UNKNOWN_VALUE
    if isinstance(value, Mapping):
        return {key: protocol(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [protocol(entry) for entry in value]
    return value


def is_asset(value: Any) -> bool:
    return isinstance(value, pulumi.Asset | pulumi.Archive)
