"""Changes to single members of a JSON text; whatever else the text has stays as it is, to the byte."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opencode_auth.tools.absent import ABSENT, Absent, NotATable, value_at
from opencode_auth.tools.json_text import Member, Value, scan

DEFAULT_INDENT = "  "
REST_OF_LINE = re.compile(r"(?:[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/))*")
"""Comments that belong to what stands before them."""
LINE_ENDS = re.compile(r"[ \t]*\r?\n")


def read(text: str, path: Sequence[str]) -> Any | Absent:
    """The value at a path of names. Raises NotJson."""
    return value_at(content_of(text), path)


def put(text: str, path: Sequence[str], value: Any) -> str:
    """The text with that value there, in objects made for it where they are missing.

    A value that is there already is left as it is written. Raises NotJson, NotATable.
    """
    if repr(read(text, path)) == repr(value):  # == would take 1 for true
        return text
    root = scan(text)
    if root is None:
        # a line comment at the end would swallow the braces
        gap = newline_of(text) if text.strip() and not text.endswith("\n") else ""
        return put(text + gap + "{}" + newline_of(text), path, value)
    parent, missing = deepest(root, path)
    for name in reversed(missing[1:]):
        value = {name: value}
    present = member_of(parent, missing[0])
    if present is None:
        return with_member(text, root, parent, (missing[0], value))
    layout = layout_of(text, root, line_indent(text, present.start))
    return text[: present.value.start] + layout.rendered(value) + text[present.value.end :]


def drop(text: str, path: Sequence[str]) -> str:
    """The text without that member; the same text when it has none. Raises NotJson."""
    root = scan(text)
    if root is None or read(text, path) is ABSENT:
        return text
    parent, (name,) = deepest(root, path)
    members = parent.members or ()
    place = max(index for index, member in enumerate(members) if member.name == name)
    return without_member(text, parent, members, place)


def content_of(text: str) -> Any:
    root = scan(text)
    return {} if root is None else root.content


def deepest(root: Value, path: Sequence[str]) -> tuple[Value, Sequence[str]]:
    """The object that is furthest down the path, and what of the path is below it: one name at least."""
    found = root
    for depth, name in enumerate(path):
        if found.members is None:
            raise NotATable(path[:depth])
        member = member_of(found, name)
        if depth == len(path) - 1 or member is None:
            return found, path[depth:]
        found = member.value
    raise NotATable(path)


def member_of(parent: Value, name: str) -> Member | None:
    """The last of that name, which is the one that counts."""
    return next((member for member in reversed(parent.members or ()) if member.name == name), None)


@dataclass(frozen=True)
class Layout:
    """How values are written at one place of a text."""

    unit: str
    indent: str
    newline: str

    def rendered(self, value: Any) -> str:
        text = json.dumps(value, indent=self.unit, ensure_ascii=False)
        return text.replace("\n", self.newline + self.indent)


def layout_of(text: str, root: Value, indent: str) -> Layout:
    """`indent` is that of the line at which the value begins."""
    first = root.members[0] if root.members else None
    unit = line_indent(text, first.start) if first and starts_line(text, first.start) else ""
    return Layout(unit or DEFAULT_INDENT, indent, newline_of(text))


def with_member(text: str, root: Value, parent: Value, new: tuple[str, Any]) -> str:
    members = parent.members or ()
    name, value = new
    if members and not starts_line(text, members[-1].start):
        return beside(
            text, members[-1], f" {json.dumps(name, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
        )
    outer = line_indent(text, parent.start)
    own = layout_of(text, root, outer)
    indent = line_indent(text, members[-1].start) if members else outer + own.unit
    layout = Layout(own.unit, indent, own.newline)
    written = f"{layout.newline}{indent}{json.dumps(name, ensure_ascii=False)}: {layout.rendered(value)}"
    if members:
        return below(text, members[-1], written)
    place = end_of_content(text, parent.start + 1, parent.end - 1)
    closing = "" if "\n" in text[place : parent.end] else layout.newline + outer
    return text[:place] + written + closing + text[place:]


def beside(text: str, last: Member, written: str) -> str:
    """With the new member on the line of the last one."""
    if last.comma is None:
        return text[: last.end] + "," + written + text[last.end :]
    return text[: last.end] + written + "," + text[last.end :]


def below(text: str, last: Member, written: str) -> str:
    """With the new member on a line behind the last one, and a comma at its end when the last one has that."""
    place = rest_of_line(text, last.end)
    if last.comma is None:
        return text[: last.end] + "," + text[last.end : place] + written + text[place:]
    return text[:place] + written + "," + text[place:]


def without_member(text: str, parent: Value, members: Sequence[Member], place: int) -> str:
    """Undoes `with_member`, where that put it."""
    member, before = members[place], members[place - 1] if place else None
    start = end_of_content(text, before.end if before else parent.start + 1, member.start)
    if starts_line(text, member.start) and not LINE_ENDS.match(text, member.end):
        start = member.start
    is_bare_end = place == len(members) - 1 and member.comma is None
    if is_bare_end and before is not None and before.comma is not None:
        return text[: before.comma] + text[before.comma + 1 : start] + text[member.end :]
    return text[:start] + text[member.end :]


def end_of_content(text: str, start: int, end: int) -> int:
    """Where the white space at the end of `text[start:end]` begins."""
    return start + len(text[start:end].rstrip(" \t\r\n"))


def rest_of_line(text: str, at: int) -> int:
    found = REST_OF_LINE.match(text, at)
    return found.end() if found else at


def starts_line(text: str, at: int) -> bool:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return "\n" in text[:at] and not line.strip(" \t")


def line_indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def newline_of(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
