"""A request held against botocore's service model, the rule book that AWS publishes.

botocore's own validator leaves patterns, enumerations and upper bounds to the service; here all are checked, on
parameters as handlers pass them. Messages follow AWS's wording for constraint failures.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from opencode_local.constraints import bounds, number, text

Check: TypeAlias = Callable[[Any, Any, str], Iterator[str]]
"""From a shape, a value and the value's path to what is wrong."""


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
    yield from bounds(shape, len(value), path, "length")
    for position, member in enumerate(value, start=1):
        yield from _any(shape.member, member, f"{path}.{position}.member")


def _map(shape: MapShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    yield from bounds(shape, len(value), path, "length")
    for key, member in value.items():
        yield from _any(shape.key, key, f"{path}.key")
        yield from _any(shape.value, member, f"{path}.{key}.member")


def _blob(shape: Shape, value: bytes | str, path: str) -> Iterator[str]:
    yield from bounds(shape, len(value), path, "length")


def _nothing(_shape: Shape, _value: object, _path: str) -> Iterator[str]:
    yield from ()


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
    "string": text,
    "blob": _blob,
    "integer": number,
    "long": number,
    "float": number,
    "double": number,
    "boolean": _nothing,
    "timestamp": _nothing,
}
