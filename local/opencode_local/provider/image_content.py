"""The files that a Docker build would send to the builder, and a digest of them.

Ignore rules: https://docs.docker.com/build/concepts/context/#dockerignore-files (read 2026-11-21): the last pattern
that matches a path or a folder above it decides; `!` takes it back in; `**` stands for any number of folders.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

EXECUTABLE = 0o111


@dataclass(frozen=True)
class IgnoreRule:
    """One line of .dockerignore."""

    pattern: re.Pattern[str]
    excludes: bool


def digest(context: Path, dockerfile: Path, settings: Mapping[str, Any]) -> str:
    """`sha256:<64 hex>` of the context's files, the Dockerfile and what else decides about the image.

    Equal content gives an equal digest, whatever the times of the files. Raises FileNotFoundError.
    """
    if not context.is_dir():
        raise FileNotFoundError(f"the build context {str(context)!r} is no folder")
    content = hashlib.sha256(dockerfile.read_bytes())
    for setting in sorted(settings.items()):
        content.update(repr(setting).encode())
    for path in files(context, ignore_rules(context, dockerfile)):
        content.update(f"\0{path.relative_to(context).as_posix()}\0".encode())
        content.update(_content(path))
    return f"sha256:{content.hexdigest()}"


def ignore_rules(context: Path, dockerfile: Path) -> tuple[IgnoreRule, ...]:
    """`<Dockerfile>.dockerignore` beside the Dockerfile goes before the context's own."""
    candidates = (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore")
    text = next((path.read_text() for path in candidates if path.is_file()), "")
    lines = (line.strip() for line in text.splitlines() if not line.startswith("#"))
    return tuple(_rule(line) for line in lines if line)


def files(context: Path, rules: tuple[IgnoreRule, ...]) -> Iterator[Path]:
    """In a stable order."""
    takes_back = any(not rule.excludes for rule in rules)
    for folder, folders, names in os.walk(context):
        here = Path(folder).relative_to(context)
        folders[:] = sorted(name for name in folders if takes_back or not is_ignored(here / name, rules))
        for name in sorted(names):
            if not is_ignored(here / name, rules):
                yield context / here / name


def is_ignored(path: Path, rules: tuple[IgnoreRule, ...]) -> bool:
    """`path` is relative to the context."""
    places = [place.as_posix() for place in (path, *path.parents) if place != Path()]
    matching = (rule.excludes for rule in reversed(rules) if any(rule.pattern.fullmatch(place) for place in places))
    return next(matching, False)


@cache
def _rule(line: str) -> IgnoreRule:
    excludes = not line.startswith("!")
    path = os.path.normpath(line.removeprefix("!").strip()).lstrip("/")
    return IgnoreRule(re.compile(_expression(path)), excludes)


def _expression(path: str) -> str:
    parts = re.split(r"(\*\*/|/\*\*|\*\*|\*|\?|\[[^]]*\])", path)
    meant = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meant.get(part) or (part if part.startswith("[") else re.escape(part)) for part in parts)


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return os.readlink(path).encode()
    mode = b"x" if path.stat().st_mode & EXECUTABLE else b"-"
    return mode + path.read_bytes()
