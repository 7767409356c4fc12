"""A request held against botocore's service model, the rule book that AWS publishes.

botocore's own validator leaves patterns, enumerations and upper bounds to the service; here all are checked, on
parameters as handlers pass them. Messages follow AWS's wording for constraint failures.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

Check: TypeAlias = Callable[[Any, Any, str], Iterator[str]]
"""From a shape, a value and the value's path to what is wrong."""

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


def failures(operation: OperationModel, params: Mapping[str, Any]) -> Iterator[str]:
    """What AWS would refuse in `params`, worded as constraint failures."""
    shape = operation.input_shape
    if shape is None:
        yield from (f"#/: extraneous key [{name}] is not permitted" for name in params)
    else:
        yield from _structure(shape, params, "")


def _any(shape: Shape, value: object, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure" and getattr(shape, "is_document_type", False):
        return
    if not isinstance(value, PYTHON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"Value at '{path}' failed to satisfy constraint: Member must be of type {kind}"
        return
    yield from CHECKS[kind](shape, value, path)


def _structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield (
            f"Value at '{path}' failed to satisfy constraint: Exactly one member of the union {shape.name} must be set,"
            f" not {', '.join(value) or 'none'}"
        )
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value at '{prefix}{name}' failed to satisfy constraint: Member must not be null"
    for name, member in value.items():
        if name not in shape.members:
            yield f"#/{path.replace('.', '/')}: extraneous key [{name}] is not permitted"
        elif name not in shape.required_members or member is not None:
            yield from _any(shape.members[name], member, prefix + name)


def _list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    yield from _bounds(shape, len(value), path, "length")
    for number, member in enumerate(value, start=1):
        yield from _any(shape.member, member, f"{path}.{number}.member")


def _map(shape: MapShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    yield from _bounds(shape, len(value), path, "length")
    for key, member in value.items():
        yield from _any(shape.key, key, f"{path}.key")
        yield from _any(shape.value, member, f"{path}.{key}.member")


def _string(shape: StringShape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield (
            f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(shape.enum)}]"
        )
    yield from _bounds(shape, len(value), path, "length")
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


def _number(shape: Shape, value: float, path: str) -> Iterator[str]:
    yield from _bounds(shape, value, path, "value")


def _blob(shape: Shape, value: bytes | str, path: str) -> Iterator[str]:
    yield from _bounds(shape, len(value), path, "length")


def _nothing(_shape: Shape, _value: object, _path: str) -> Iterator[str]:
    yield from ()


def _bounds(shape: Shape, size: float, path: str, what: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have {what} greater than or equal to {low}"
    if high is not None and size > high:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have {what} less than or equal to {high}"


PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "structure": Mapping,
    "list": (list, tuple),
    "map": Mapping,
    "string": str,
    "blob": (bytes, str),
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": (datetime, int, float, str),
}
CHECKS: Mapping[str, Check] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": _blob,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": _nothing,
    "timestamp": _nothing,
}
