"""What a release's manifest says, after its signature was found good."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opencode_auth.gateway import is_keys
from opencode_auth.updates.envelope import Untrusted

VERSION = re.compile(r"(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){2}", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
KINDS = ("wheel", "executable")
MOST_BYTES = 512 * 1024 * 1024
"""An artifact beyond that is a mistake."""
MOST_MESSAGE_CHARACTERS = 500


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file of a release; `platform` is `any`, or such as `linux-x86_64`."""

    name: str
    kind: str
    platform: str
    size_bytes: int
    sha256: str
    """Hexadecimal."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The release that clients should have; `minimum` is the version below which they have to update."""

    sequence: int
    """Rises with every publication."""
    version: str
    minimum: str | None
    is_critical: bool
    message: str
    config_version: int
    config: Mapping[str, Any]
    """An RFC 7396 merge patch for this program's own settings."""
    artifacts: tuple[Artifact, ...]
    keys: tuple[str, ...]
    """Trusted from now on, instead of those before."""


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_version(value: object) -> bool:
    return isinstance(value, str) and VERSION.fullmatch(value) is not None


def is_message(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_MESSAGE_CHARACTERS


def is_matching(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


CHECKS: Mapping[str, Callable[[object], bool]] = {
    "sequence": lambda value: is_count(value) and value != 0,
    "version": is_version,
    "minimum": lambda value: value is None or is_version(value),
    "critical": lambda value: isinstance(value, bool),
    "message": is_message,
    "config_version": is_count,
    "config": lambda value: isinstance(value, dict),
    "artifacts": lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
    "keys": lambda value: is_keys(value) and bool(value),
}
ARTIFACT_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "name": is_matching(NAME),
    "kind": lambda value: value in KINDS,
    "platform": is_matching(NAME),
    "size": lambda value: isinstance(value, int) and is_count(value) and value <= MOST_BYTES,
    "sha256": is_matching(SHA256),
}


def parsed(payload: bytes) -> Manifest:
    """Raises Untrusted, which names the member that is not as it should be; members that are not known do no harm."""
    try:
        document = json.loads(payload)
    except ValueError as error:
        raise Untrusted("the release's manifest is not JSON") from error
    found = checked(document, CHECKS, "the release's manifest")
    return Manifest(
        sequence=found["sequence"],
        version=found["version"],
        minimum=found["minimum"],
        is_critical=found["critical"],
        message=found["message"],
        config_version=found["config_version"],
        config=found["config"],
        artifacts=tuple(map(artifact, found["artifacts"])),
        keys=tuple(found["keys"]),
    )


def artifact(document: object) -> Artifact:
    found = checked(document, ARTIFACT_CHECKS, "an artifact of the release's manifest")
    return Artifact(
        name=found["name"],
        kind=found["kind"],
        platform=found["platform"],
        size_bytes=found["size"],
        sha256=found["sha256"],
    )


def checked(document: object, checks: Mapping[str, Callable[[object], bool]], what: str) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise Untrusted(f"{what} is not an object")
    for name, is_good in checks.items():
        if name not in document or not is_good(document[name]):
            raise Untrusted(f"{what} has no {name!r} that can be used")
    return document
