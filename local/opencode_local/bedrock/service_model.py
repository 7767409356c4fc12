"""Requests held against botocore's own model of bedrock-runtime: the rule book that AWS publishes.

botocore's validator leaves patterns, enumerations, upper bounds and unknown members to the service; here all are
checked, on JSON as it arrives. Messages follow AWS's wording for constraint failures.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid
from opencode_local.constraints import bounds, number, text

Check: TypeAlias = Callable[[Any, Any, str], Iterator[str]]
"""From a shape, a value and the value's path to what is wrong, worded as constraint failures."""


@cache
def operation(name: str) -> OperationModel:
    return ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2")).operation_model(name)


def check_request(operation_name: str, body: Json, model_id: str) -> None:
    """Raises Refused when `body` and `model_id` are not a valid request of the operation."""
    shape = operation(operation_name).input_shape
    failures = [
        *text(shape.members["modelId"], model_id, "modelId"),
        *_structure_members(shape, body, "", known={name for name in shape.members if name != "modelId"}),
    ]
    if failures:
        plural = "s" if len(failures) > 1 else ""
        raise invalid(f"{len(failures)} validation error{plural} detected: {'; '.join(failures)}")


def _any(shape: Shape, value: object, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure" and shape.is_document_type:
        return
    if not isinstance(value, JSON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"Value at '{path}' failed to satisfy constraint: Member must be of type {kind}"
        return
    yield from CHECKS[kind](shape, value, path)


def _structure(shape: StructureShape, value: Json, path: str) -> Iterator[str]:
    given = [name for name, member in value.items() if member is not None]
    if shape.is_tagged_union and len(given) != 1:
        yield (
            f"Value at '{path}' failed to satisfy constraint: Exactly one member of the union {shape.name} must be set,"
            f" not {', '.join(given) or 'none'}"
        )
    yield from _structure_members(shape, value, path, known=set(shape.members))


def _structure_members(shape: StructureShape, value: Json, path: str, *, known: set[str]) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if name in known and value.get(name) is None:
            yield f"Value at '{prefix}{name}' failed to satisfy constraint: Member must not be null"
    for name, member in value.items():
        if name not in known:
            yield f"#/{path.replace('.', '/')}: extraneous key [{name}] is not permitted"
        elif member is not None:
            yield from _any(shape.members[name], member, prefix + name)


def _list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    yield from bounds(shape, len(value), path, "length")
    for position, member in enumerate(value, start=1):
        yield from _any(shape.member, member, f"{path}.{position}.member")


def _map(shape: MapShape, value: Json, path: str) -> Iterator[str]:
    yield from bounds(shape, len(value), path, "length")
    for key, member in value.items():
        yield from _any(shape.key, key, f"{path}.key")
        yield from _any(shape.value, member, f"{path}.{key}.member")


def _blob(shape: Shape, value: str, path: str) -> Iterator[str]:
    try:
        content = base64.b64decode(value, validate=True)
    except ValueError:
        yield f"Value at '{path}' failed to satisfy constraint: Member must be base64"
    else:
        yield from bounds(shape, len(content), path, "length")


def _boolean(_shape: Shape, _value: object, _path: str) -> Iterator[str]:
    yield from ()


JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "structure": dict,
    "list": list,
    "map": dict,
    "string": str,
    "blob": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
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
    "boolean": _boolean,
}
