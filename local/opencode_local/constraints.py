"""What AWS's service models say of single values: enumerations, patterns, lengths and bounds, in AWS's own wording."""

import re
import warnings
from collections.abc import Iterator
from functools import cache

from botocore.model import Shape, StringShape

JAVA_CLASSES = {
    "L": "a-zA-Z\u00aa-\uffff",
    "IsLetter": "a-zA-Z\u00aa-\uffff",
    "M": "\u0300-\u036f",
    "Z": r"\s",
    "N": r"\d",
    "S": "$+<=>^`|~",
    "P": r"!-#%-*,-/:;?@\[-\]_{}",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Graph": "!-~",
    "Print": " -~",
    "ASCII": "\x00-\x7f",
    "Punct": r"!-/:-@\[-`{-~",
}
"""Character classes of Java's patterns as Python's set members: Latin and beyond where Unicode is meant."""
JAVA_CLASS = re.compile(r"\\p\{(\w+)\}")
CLASS_IN_PATTERN = re.compile(rf"\[(?:\\.|[^\]\\])*\]|{JAVA_CLASS.pattern}")
"""A set of characters, in which such classes may stand, or a class by itself."""


def text(shape: StringShape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield (
            f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(shape.enum)}]"
        )
    yield from bounds(shape, len(value), path, "length")
    pattern = shape.metadata.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled is not None and not compiled.fullmatch(value):
        yield (
            f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy regular expression "
            f"pattern: {pattern}"
        )


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """None for the few patterns that Python cannot read: they are left to the embedded AWS."""
    python = CLASS_IN_PATTERN.sub(_as_python, pattern)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return re.compile(python)
        except re.error:
            return None


def _as_python(found: re.Match[str]) -> str:
    members = JAVA_CLASS.sub(lambda match: JAVA_CLASSES.get(match[1], match[0]), found[0])
    return members if found[0].startswith("[") else f"[{members}]"


def number(shape: Shape, value: float, path: str) -> Iterator[str]:
    yield from bounds(shape, value, path, "value")


def bounds(shape: Shape, size: float, path: str, what: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have {what} greater than or equal to {low}"
    if high is not None and size > high:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have {what} less than or equal to {high}"
