"""GET /openapi.json: OpenAPI 3.1 of all routes, made from the table that serves them and the types that read them."""

import re
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec
from aiohttp import web

from opencode_router.endpoints.json_response import json_response
from opencode_router.endpoints.routes import ROUTES, Route
from opencode_router.wire import gateway_api

REFERENCES = "#/components/schemas/{name}"
PARAMETER = re.compile(r"\{(\w+)(?::[^}]*)?\}")
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A JWT of the issuer, or an API key (oc_...)"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A personal API key (oc_...)"},
}


async def openapi(request: web.Request) -> web.Response:
    return json_response(document())


@cache
def document() -> dict[str, Any]:
    types = [shape for route in ROUTES for shape in (route.body, route.response) if shape]
    types += [gateway_api.OpenAIError, gateway_api.AnthropicError]
    schemas, components = msgspec.json.schema_components(
        dict.fromkeys(types), schema_hook=any_json, ref_template=REFERENCES
    )
    by_type = dict(zip(dict.fromkeys(types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(PARAMETER.sub(r"{\1}", route.path), {})[route.method.lower()] = operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "AI gateway for Amazon Bedrock", "version": version("opencode-router")},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": SECURITY_SCHEMES},
    }


def any_json(kind: type) -> dict[str, Any]:
    """`object` stands for any JSON. Raises NotImplementedError for other types that JSON Schema has no word for."""
    if kind is object:
        return {"description": "any JSON"}
    raise NotImplementedError


def operation(route: Route, schemas: dict[type, dict[str, Any]]) -> dict[str, Any]:
    description: dict[str, Any] = {
        "summary": route.summary,
        "security": [] if route.is_public else [{"bearer": []}, {"key": []}],
        "responses": responses(route, schemas),
    }
    if parameters := [*path_parameters(PARAMETER.findall(route.path)), *query_parameters(route.query)]:
        description["parameters"] = parameters
    if route.body:
        description["requestBody"] = {
            "required": route.body is not gateway_api.ApiKeyRequest,
            "content": {"application/json": {"schema": schemas[route.body]}},
        }
    return description


def path_parameters(names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in names
    ]


def query_parameters(shape: type | None) -> list[dict[str, Any]]:
    if shape is None:
        return []
    (properties,) = (definition["properties"] for definition in msgspec.json.schema(shape)["$defs"].values())
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]


def responses(route: Route, schemas: dict[type, dict[str, Any]]) -> dict[str, Any]:
    """The success and every refusal; `/ready` refuses in its own shape, Anthropic's routes in Anthropic's."""
    error = gateway_api.AnthropicError if "messages" in route.path else gateway_api.OpenAIError
    refusal = gateway_api.Readiness if route.path == "/ready" else error
    found = {str(route.status): response(route.status, schemas[route.response] if route.response else None)}
    others = {status: schemas[refusal] if status >= HTTPStatus.BAD_REQUEST else None for status in route.other_statuses}
    return found | {str(status): response(status, schema) for status, schema in others.items()}


def response(status: int, schema: dict[str, Any] | None) -> dict[str, Any]:
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema:
        described["content"] = {"application/json": {"schema": schema}}
    return described
