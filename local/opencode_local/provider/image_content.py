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
    literal: str
    """The path as far as it is free of wildcards."""
    is_literal: bool

    def may_match_below(self, folder: str) -> bool:
        """Whether something in `folder`, which ends with a slash, could be meant."""
        return self.literal.startswith(folder) or (not self.is_literal and folder.startswith(self.literal))


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
    """In a stable order. Ignored folders are entered only where a rule may take something in them back."""
    for folder, folders, names in os.walk(context):
        here = Path(folder).relative_to(context)
        folders[:] = sorted(name for name in folders if is_worth_entering(here / name, rules))
        for name in sorted(names):
            if not is_ignored(here / name, rules):
                yield context / here / name


def is_worth_entering(folder: Path, rules: tuple[IgnoreRule, ...]) -> bool:
    inside = f"{folder.as_posix()}/"
    taken_back = any(not rule.excludes and rule.may_match_below(inside) for rule in rules)
    return taken_back or not is_ignored(folder, rules)


def is_ignored(path: Path, rules: tuple[IgnoreRule, ...]) -> bool:
    """`path` is relative to the context."""
    places = [place.as_posix() for place in (path, *path.parents) if place != Path()]
    matching = (rule.excludes for rule in reversed(rules) if any(rule.pattern.fullmatch(place) for place in places))
    return next(matching, False)


@cache
def _rule(line: str) -> IgnoreRule:
    excludes = not line.startswith("!")
    path = os.path.normpath(line.removeprefix("!").strip()).lstrip("/")
    literal = re.split(r"[*?[]", path, maxsplit=1)[0]
    return IgnoreRule(re.compile(_expression(path)), excludes, literal, literal == path)


def _expression(path: str) -> str:
    parts = re.split(r"(\*\*/|/\*\*|\*\*|\*|\?|\[[^]]*\])", path)
    meant = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meant.get(part) or (part if part.startswith("[") else re.escape(part)) for part in parts)


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return os.readlink(path).encode()
    mode = b"x" if path.stat().st_mode & EXECUTABLE else b"-"
    return mode + path.read_bytes()
