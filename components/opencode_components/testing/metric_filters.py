"""Whether a CloudWatch Logs filter pattern matches a line, for patterns over JSON.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
(read 2026-11-21). Comparison of text is case-sensitive; `*` stands for any characters in it.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Predicate = Callable[[Any], bool]

TOKEN = re.compile(
    r"""\s*(?:
      (?P<path>\$(?:\.(?:[A-Za-z0-9_@-]+|\*)|\["[^"]*"\]|\[\d+\]|\[\*\])+)
    | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<mark>&&|\|\||<=|>=|!=|=|<|>|\(|\)|\{|\})
    | (?P<word>[^\s"(){}=<>!&|$]+)
    )""",
    re.VERBOSE,
)
STEP = re.compile(r"""\.([A-Za-z0-9_@-]+|\*)|\["([^"]*)"\]|\[(\d+)\]|\[(\*)\]""")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda given, wanted: given == wanted,
    "!=": lambda given, wanted: given != wanted,
    "<": lambda given, wanted: given < wanted,
    "<=": lambda given, wanted: given <= wanted,
    ">": lambda given, wanted: given > wanted,
    ">=": lambda given, wanted: given >= wanted,
}
NAMED: dict[tuple[str, ...], Callable[[Sequence[Any]], bool]] = {
    ("IS", "NULL"): lambda found: any(value is None for value in found),
    ("IS", "TRUE"): lambda found: any(value is True for value in found),
    ("IS", "FALSE"): lambda found: any(value is False for value in found),
    ("EXISTS",): bool,
    ("NOT", "EXISTS"): lambda found: not found,
}
"""Conditions on the values that a path selects."""


def matches(pattern: str, line: str) -> bool:
    """Whether a metric or subscription filter with this pattern counts the line.

    A line that is no JSON object matches no JSON pattern. Raises ValueError for a pattern that this cannot read,
    which includes patterns of other kinds (plain terms, `[...]`, regular expressions).
    """
    predicate = parsed(pattern)
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return False
    return isinstance(event, dict) and predicate(event)


def parsed(pattern: str) -> Predicate:
    """The pattern as a function of an event."""
    reader = Reader(tokens(pattern), pattern)
    reader.take("{")
    predicate = reader.either()
    reader.take("}")
    if reader.rest:
        raise ValueError(f"{pattern!r} goes on after its closing brace")
    return predicate


@dataclass(frozen=True)
class Token:
    kind: str
    text: str


def tokens(pattern: str) -> list[Token]:
    found, position, text = [], 0, pattern.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ValueError(f"{pattern!r} cannot be read at {text[position:]!r}")
        found.append(Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


class Reader:
    """Reads `a && b || (c)`: `&&` binds tighter than `||`."""

    def __init__(self, rest: list[Token], pattern: str) -> None:
        self.rest, self._pattern = rest, pattern

    def take(self, wanted: str = "") -> Token:
        """The next token, which has to be `wanted` when that is given."""
        token = self.rest.pop(0) if self.rest else Token("end", "")
        if (wanted and token.text != wanted) or token.kind == "end":
            raise ValueError(f"{self._pattern!r}: {token.text or 'the end'!r} where {wanted or 'more'!r} belongs")
        return token

    def follows(self, mark: str) -> bool:
        return bool(self.rest) and self.rest[0] == Token("mark", mark)

    def either(self) -> Predicate:
        parts = self._joined("||", self._both)
        return lambda event: any(part(event) for part in parts)

    def _both(self) -> Predicate:
        parts = self._joined("&&", self._single)
        return lambda event: all(part(event) for part in parts)

    def _joined(self, mark: str, read: Callable[[], Predicate]) -> list[Predicate]:
        parts = [read()]
        while self.follows(mark):
            self.take(mark)
            parts.append(read())
        return parts

    def _single(self) -> Predicate:
        if self.follows("("):
            self.take("(")
            inner = self.either()
            self.take(")")
            return inner
        path = self.take()
        if path.kind != "path":
            raise ValueError(f"{self._pattern!r}: {path.text!r} where a property like $.status belongs")
        test = self._test()
        return lambda event: test(selected(event, path.text))

    def _test(self) -> Callable[[Sequence[Any]], bool]:
        word = self.take()
        if word.text in COMPARISONS:
            wanted = self.take()
            return lambda found: any(compared(word.text, value, wanted) for value in found)
        words = (word.text,) if (word.text,) in NAMED else (word.text, self.take().text)
        if words not in NAMED:
            raise ValueError(f"{self._pattern!r}: {' '.join(words)!r} is no comparison")
        return NAMED[words]


def selected(event: Any, path: str) -> list[Any]:
    """Values that the path leads to: none when it ends before, several after `*`."""
    found = [event]
    for name, quoted, position, every in STEP.findall(path.removeprefix("$")):
        if every or name == "*":
            found = [entry for value in found for entry in entries(value)]
        elif position:
            index = int(position)
            found = [value[index] for value in found if isinstance(value, list) and index < len(value)]
        else:
            key = name or quoted
            found = [value[key] for value in found if isinstance(value, dict) and key in value]
    return found


def entries(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def compared(mark: str, given: Any, wanted: Token) -> bool:
    """Text with text, number with number; a value of another kind matches nothing."""
    number = as_number(wanted)
    if number is not None:
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        return is_number and COMPARISONS[mark](given, number)
    if mark not in {"=", "!="}:
        raise ValueError(f"{mark} compares numbers, not {wanted.text}")
    text = json.loads(wanted.text) if wanted.kind == "text" else wanted.text
    expression = ".*".join(re.escape(part) for part in text.split("*"))
    return isinstance(given, str) and (re.fullmatch(expression, given, re.DOTALL) is not None) == (mark == "=")


def as_number(token: Token) -> float | None:
    """The number that an unquoted word is, else None; `4e2` counts, `*` and addresses do not."""
    if token.kind == "word" and re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", token.text):
        return float(token.text)
    return None
