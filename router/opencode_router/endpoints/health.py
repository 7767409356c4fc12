"""GET /, /health and /ready: for people, for restarts, for load balancers."""

import asyncio

from aiohttp import web

from opencode_router.endpoints.json_response import json_response
from opencode_router.errors import RouterError
from opencode_router.gateway import GATEWAY, Gateway


async def root(request: web.Request) -> web.Response:
    """A few words; Claude Code asks for them before it trusts a base URL."""
    return web.Response(text="AI gateway for Amazon Bedrock. API: /openapi.json\n")


async def health(request: web.Request) -> web.Response:
    """The process answers. No input or output: a fault elsewhere must not restart it."""
    return json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Whether requests sent here can be answered, and if not, what is missing."""
    checks = await failures(request.app[GATEWAY])
    is_ready = not any(checks.values())
    body = {
        "status": "ready" if is_ready else "not_ready",
        "failures": {name: why for name, why in checks.items() if why},
    }
    return json_response(body, status=200 if is_ready else 503)


async def failures(gateway: Gateway) -> dict[str, str]:
    """Each thing this process needs, and why it is not to be had; empty: it is."""
    if gateway.is_draining:
        return {"process": "shutting down"}
    checks = {
        "bedrock_credentials": gateway.bedrock.check_credentials(),
        "key_table": gateway.identity.check_key_table(),
        "jwks": gateway.identity.check_jwks(),
    }
    results = await asyncio.gather(*checks.values(), return_exceptions=True)
    return {name: reason(result) for name, result in zip(checks, results, strict=True)}


def reason(result: object) -> str:
    if isinstance(result, RouterError):
        return result.message
    return type(result).__name__ if isinstance(result, BaseException) else ""
