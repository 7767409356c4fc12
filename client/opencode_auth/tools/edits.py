"""Edits of a configuration as values: applied to a text, remembered as changes, undone one by one.

Only what was written by an edit, and still stands as it was written, is ever taken back.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from opencode_auth.tools import json_edits, toml_edits
from opencode_auth.tools.absent import ABSENT, Absent

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Format:
    """The three things that can be done to a text of a configuration language."""

    read: Callable[[str, Sequence[str]], Any | Absent]
    put: Callable[[str, Sequence[str], Any], str]
    drop: Callable[[str, Sequence[str]], str]


JSON = Format(read=json_edits.read, put=json_edits.put, drop=json_edits.drop)
TOML = Format(read=toml_edits.read, put=toml_edits.put, drop=toml_edits.drop)


@dataclass(frozen=True)
class Edit:
    """One value at one place; a default gives way to what the person has there.

    `otherwise` is what the person should know where it does.
    """

    path: Path
    value: Any
    is_default: bool = False
    otherwise: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """An edit that was made; `before` is what it replaced."""

    path: Path
    before: Any | Absent
    after: Any


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What was done to a text: `digest` is of the text after it, `text_before` the text without any edit of ours.

    `made` are the tables that the text lacked.
    """

    digest: str
    text_before: str
    changes: Sequence[Change]
    made: Sequence[Path]


def apply(form: Format, text: str, edits: Sequence[Edit], earlier: Applied | None = None) -> tuple[str, Applied]:
    """The text with the edits, and `earlier` ones that are no longer wanted taken back.

    Raises NotJson, NotToml, NotATable.
    """
    text_before = undo(form, text, earlier) if earlier else text
    wanted = [edit for edit in edits if not (edit.is_default and form.read(text_before, edit.path) is not ABSENT)]
    paths = {edit.path for edit in wanted}
    for change in reversed(earlier.changes if earlier else ()):
        if change.path not in paths:
            text = taken_back(form, text, change)
    changes = [Change(path=edit.path, before=form.read(text_before, edit.path), after=edit.value) for edit in wanted]
    for edit in wanted:
        if form.read(text, edit.path) != edit.value:
            text = form.put(text, edit.path, edit.value)
    made = missing_tables(form, text_before, sorted(paths))
    return text, Applied(digest=digest(text), text_before=text_before, changes=changes, made=made)


def undo(form: Format, text: str, applied: Applied) -> str:
    """The text without the edits; to the byte what it was, when nobody has changed it since."""
    if digest(text) == applied.digest:
        return applied.text_before
    for change in reversed(applied.changes):
        text = taken_back(form, text, change)
    for path in sorted(applied.made, key=len, reverse=True):
        if form.read(text, path) == {}:
            text = form.drop(text, path)
    return text


def kept(form: Format, text: str, applied: Applied) -> list[Path]:
    """The places that someone has changed since, which `undo` leaves alone."""
    return [change.path for change in applied.changes if form.read(text, change.path) not in (change.after, ABSENT)]


def taken_back(form: Format, text: str, change: Change) -> str:
    if form.read(text, change.path) != change.after:
        return text
    if change.before is ABSENT:
        return form.drop(text, change.path)
    return form.put(text, change.path, change.before)


def missing_tables(form: Format, text: str, paths: Sequence[Path]) -> list[Path]:
    tables = {path[:depth] for path in paths for depth in range(1, len(path))}
    return sorted(table for table in tables if form.read(text, table) is ABSENT)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
