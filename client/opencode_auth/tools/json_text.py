"""JSON with comments and trailing commas, read together with the place of everything in the text.

Source: the dialect of OpenCode's and Claude Code's configuration files, which jsonc-parser reads (read 2026-11-21).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from opencode_auth.tools.absent import NotUnderstood

MAX_DEPTH = 100
TRIVIA = re.compile(r"(?:[ \t\r\n\ufeff]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
"""White space and comments."""


class NotJson(NotUnderstood):
    """The text is no JSON, not even with comments; the message names line and column."""


@dataclass(frozen=True)
class Value:
    """`text[start:end]`; `members` only of an object."""

    start: int
    end: int
    content: Any
    members: "tuple[Member, ...] | None" = None


@dataclass(frozen=True)
class Member:
    """`text[start]` is the quote that opens the name, `text[comma]` the comma behind the value."""

    name: str
    start: int
    value: Value
    comma: int | None

    @property
    def end(self) -> int:
        """Behind the comma, or behind the value where there is none."""
        return self.value.end if self.comma is None else self.comma + 1


@lru_cache(maxsize=8)
def scan(text: str) -> Value | None:
    """The document, not to be changed; None when there are only white space and comments. Raises NotJson.

    Remembered, because one set of edits reads the same few texts many times.
    """
    scanner = Scanner(text)
    start = scanner.past_trivia(0)
    if start == len(text):
        return None
    found = scanner.value(start, depth=0)
    end = scanner.past_trivia(found.end)
    if end != len(text):
        scanner.refuse("the end of the file", end)
    return found


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


class Scanner:
    """Reads one text; every method takes the place to begin at."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._scalars = json.JSONDecoder(parse_constant=refuse_constant)

    def past_trivia(self, at: int) -> int:
        """The first place at or behind `at` that is neither white space nor comment."""
        trivia = TRIVIA.match(self._text, at)
        return trivia.end() if trivia else at

    def value(self, start: int, *, depth: int) -> Value:
        if depth > MAX_DEPTH:
            self.refuse(f"at most {MAX_DEPTH} levels", start)
        match self._text[start : start + 1]:
            case "{":
                return self._object(start, depth)
            case "[":
                return self._array(start, depth)
            case _:
                return self._scalar(start)

    def refuse(self, expected: str, at: int) -> NoReturn:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        found = repr(self._text[at]) if at < len(self._text) else "the end of the file"
        raise NotJson(f"line {line}, column {column}: expected {expected}, found {found}")

    def _scalar(self, start: int) -> Value:
        try:
            content, end = self._scalars.raw_decode(self._text, start)
        except ValueError:
            self.refuse("a value", start)
        return Value(start, end, content)

    def _object(self, start: int, depth: int) -> Value:
        members: list[Member] = []

        def member(at: int) -> int:
            if self._text[at : at + 1] != '"':
                self.refuse("a name in quotes", at)
            name = self._scalar(at)
            colon = self._expect(":", name.end)
            value = self.value(self.past_trivia(colon + 1), depth=depth + 1)
            members.append(Member(name.content, at, value, self._comma(value.end)))
            return members[-1].end

        end = self._items(start, "}", member)
        return Value(start, end, {each.name: each.value.content for each in members}, tuple(members))

    def _array(self, start: int, depth: int) -> Value:
        contents: list[Any] = []

        def element(at: int) -> int:
            value = self.value(at, depth=depth + 1)
            contents.append(value.content)
            comma = self._comma(value.end)
            return value.end if comma is None else comma + 1

        return Value(start, self._items(start, "]", element), contents)

    def _items(self, start: int, closing: str, item: Callable[[int], int]) -> int:
        """The place behind the closing bracket."""
        at = self.past_trivia(start + 1)
        has_comma = True
        while self._text[at : at + 1] != closing:
            if not has_comma:
                self.refuse(f"',' or {closing!r}", at)
            end = item(at)
            has_comma = self._text[end - 1] == ","
            at = self.past_trivia(end)
        return at + 1

    def _comma(self, at: int) -> int | None:
        place = self.past_trivia(at)
        return place if self._text[place : place + 1] == "," else None

    def _expect(self, sign: str, at: int) -> int:
        place = self.past_trivia(at)
        if self._text[place : place + 1] != sign:
            self.refuse(repr(sign), place)
        return place
