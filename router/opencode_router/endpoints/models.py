"""GET /v1/models and /v1/models/{id}: the catalogue, in one shape that both OpenAI's and Anthropic's clients read.

Codex asks with its version for a list of its own shape, whose entries hold its instructions to the model; it is told
that there are none, and goes by what it knows itself. Source: openai/codex issue 37122 (read 2026-11-21).
"""

from datetime import UTC, datetime, time
from typing import Any

from aiohttp import web

from opencode_router.catalogue.model import Model, Price
from opencode_router.endpoints.json_response import json_response
from opencode_router.gateway import GATEWAY
from opencode_router.usage.pricing import or_input

CODEX_QUERY = "client_version"
CODEX_MEMBERS: dict[str, Any] = {"models": []}


async def models(request: web.Request) -> web.Response:
    gateway = request.app[GATEWAY]
    await gateway.identity.identify(request.headers)
    settings = gateway.settings
    available = gateway.catalogue.available(settings.aws_region, settings.bedrock_profiles)
    data = [model_object(name, model) for name, model in available.items()]
    return json_response(
        {
            "object": "list",
            "data": data,
            "has_more": False,
            "first_id": data[0]["id"] if data else None,
            "last_id": data[-1]["id"] if data else None,
            **(CODEX_MEMBERS if CODEX_QUERY in request.query else {}),
        }
    )


async def model(request: web.Request) -> web.Response:
    """One model by any name the gateway knows it by. Raises UnknownModel."""
    gateway = request.app[GATEWAY]
    await gateway.identity.identify(request.headers)
    asked = request.match_info["model"]
    return json_response(model_object(asked, gateway.catalogue.find(asked).model))


def model_object(name: str, model: Model) -> dict[str, Any]:
    """`object`, `created`, `owned_by` for OpenAI; `type`, `display_name`, `created_at` for Anthropic; the rest ours.

    Prices are USD per million tokens as decimal strings.
    """
    released = datetime.combine(model.released, time(), UTC)
    can = model.capabilities
    return {
        "id": name,
        "object": "model",
        "created": int(released.timestamp()),
        "owned_by": model.provider,
        "type": "model",
        "display_name": model.name,
        "created_at": released.isoformat().replace("+00:00", "Z"),
        "aliases": list(model.aliases),
        "context_length": can.context_tokens,
        "max_output_tokens": can.max_output_tokens,
        "capabilities": {
            "tools": can.tools,
            "images": can.images,
            "documents": can.documents,
            "structured_output": can.structured_output,
            "reasoning": can.reasoning,
            "prompt_caching": can.cache_minimum_tokens is not None,
        },
        "surfaces": list(model.surfaces),
        "prices": [price_object(price) for price in model.prices],
    }


def price_object(price: Price) -> dict[str, Any]:
    return {
        "since": price.since.isoformat(),
        "profiles": list(price.profiles),
        "input": str(price.input),
        "output": str(price.output),
        "cache_read": str(or_input(price.cache_read, price)),
        "cache_write_5m": str(or_input(price.cache_write_5m, price)),
        "cache_write_1h": str(or_input(price.cache_write_1h, price)),
        "above_prompt_tokens": price.above_prompt_tokens,
    }
