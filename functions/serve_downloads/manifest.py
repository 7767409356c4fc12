"""The manifest of a release: what its publisher signed, checked field by field."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serve_downloads.envelope import json_object
from serve_downloads.problems import UntrustedRelease

VERSION = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")
PUBLISHED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
KIND = re.compile(r"wheel|executable")
PLATFORM = re.compile(r"[a-z0-9]+(-[a-z0-9_]+)?")
"""Whatever its name: a platform that this version does not know is shown by it."""
SHA256 = re.compile(r"[0-9a-f]{64}")
MESSAGE = re.compile(r".{0,500}", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Artifact:
    name: str
    kind: str
    platform: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Published:
    """One release of the history."""

    version: str
    published: datetime
    message: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    version: str
    published: datetime
    minimum: str | None
    is_critical: bool
    message: str
    artifacts: Mapping[str, Artifact]
    """By name."""
    history: tuple[Published, ...]
    """Newest first."""

    @property
    def wheel(self) -> Artifact | None:
        return next((artifact for artifact in self.artifacts.values() if artifact.kind == "wheel"), None)

    def key(self, name: str) -> str:
        """Of an artifact, in the bucket. Raises KeyError for one that is not listed."""
        return f"releases/{self.version}/{self.artifacts[name].name}"


def manifest(payload: bytes) -> Manifest:
    """Of the signed bytes. Raises UntrustedRelease, which names the field."""
    document = json_object(payload)
    return Manifest(
        version=text(document, "version", VERSION),
        published=moment(document),
        minimum=text(document, "minimum", VERSION) if document.get("minimum") is not None else None,
        is_critical=document.get("critical") is True,
        message=text(document, "message", MESSAGE),
        artifacts={artifact.name: artifact for artifact in artifacts(document)},
        history=tuple(past_releases(document)),
    )


def artifacts(document: Mapping[str, Any]) -> Iterator[Artifact]:
    for item in objects(document, "artifacts"):
        yield Artifact(
            name=text(item, "name", NAME),
            kind=text(item, "kind", KIND),
            platform=text(item, "platform", PLATFORM),
            size_bytes=whole_number(item, "size"),
            sha256=text(item, "sha256", SHA256),
        )


def past_releases(document: Mapping[str, Any]) -> Iterator[Published]:
    for item in objects(document, "history"):
        yield Published(
            version=text(item, "version", VERSION), published=moment(item), message=text(item, "message", MESSAGE)
        )


def objects(document: Mapping[str, Any], field: str) -> Sequence[Mapping[str, Any]]:
    value = document.get(field)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UntrustedRelease(f"the manifest's {field} is no list of objects")
    return value


def text(document: Mapping[str, Any], field: str, pattern: re.Pattern[str]) -> str:
    value = document.get(field)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise UntrustedRelease(f"the manifest's {field} does not match {pattern.pattern}")
    return value


def whole_number(document: Mapping[str, Any], field: str) -> int:
    value = document.get(field)
    if type(value) is not int or value < 0:
        raise UntrustedRelease(f"the manifest's {field} is no whole number")
    return value


def moment(document: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(text(document, "published", PUBLISHED))
    except ValueError as error:
        raise UntrustedRelease("the manifest's published is no date") from error
