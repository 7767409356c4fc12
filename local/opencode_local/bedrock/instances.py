"""Small values that satisfy a JSON schema."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from opencode_local.bedrock.prompt import Json

Make: TypeAlias = Callable[[Json, Json], Any]
"""From a schema and the whole document, which holds its definitions, to a value."""


class UnusableSchema(ValueError):
    """The schema is none, or has only infinite instances."""


def smallest_instance(schema: Json) -> Any:
    """The first allowed value of each kind: required members only, lists of minimal length.

    Follows `$ref` inside the document, `const`, `enum`, `default`, `anyOf`/`oneOf` (first), `allOf` (merged). Raises
    UnusableSchema.
    """
    try:
        return _instance(schema, schema)
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnusableSchema(f"JSON schema is invalid: {type(error).__name__}: {error}") from error


def _instance(schema: Json, document: Json) -> Any:
    for keyword, make in KEYWORDS.items():
        if keyword in schema:
            return make(schema, document)
    kind = schema.get("type") or ("object" if "properties" in schema else "string")
    return TYPES[kind[0] if isinstance(kind, list) else kind](schema, document)


def _referenced(schema: Json, document: Json) -> Any:
    target: Any = document
    for step in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
        target = target[step.replace("~1", "/").replace("~0", "~")] if step else target
    return _instance(target, document)


def _merged(schema: Json, document: Json) -> Any:
    parts = [_instance(part, document) for part in schema["allOf"]]
    return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}


def _object(schema: Json, document: Json) -> Json:
    properties: Json = schema.get("properties") or {}
    required: list[str] = schema.get("required") or list(properties)
    return {name: _instance(properties.get(name, {}), document) for name in required}


def _array(schema: Json, document: Json) -> list[Any]:
    item = schema.get("items")
    count = max(1, schema.get("minItems", 1))
    return [_instance(item, document) for _ in range(count)] if isinstance(item, dict) else []


def _string(schema: Json, _document: Json) -> str:
    return "text".ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _number(schema: Json, _document: Json) -> Any:
    return schema.get("minimum", schema.get("maximum", 1))


KEYWORDS: Mapping[str, Make] = {
    "$ref": _referenced,
    "const": lambda schema, _document: schema["const"],
    "enum": lambda schema, _document: schema["enum"][0],
    "default": lambda schema, _document: schema["default"],
    "anyOf": lambda schema, document: _instance(schema["anyOf"][0], document),
    "oneOf": lambda schema, document: _instance(schema["oneOf"][0], document),
    "allOf": _merged,
}
TYPES: Mapping[str, Make] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": lambda _schema, _document: True,
    "null": lambda _schema, _document: None,
}
