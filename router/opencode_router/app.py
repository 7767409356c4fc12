"""The aiohttp application: routes, and what happens around every request."""

import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from opencode_router.endpoints.client_settings import CLIENT_SETTINGS, ClientSettingsOfDay
from opencode_router.endpoints.health import root
from opencode_router.endpoints.openapi import openapi
from opencode_router.endpoints.routes import ROUTES
from opencode_router.errors import (
    BodyTooLarge,
    Internal,
    MethodNotAllowed,
    NotFound,
    RouterError,
    Unauthenticated,
)
from opencode_router.gateway import GATEWAY, Gateway
from opencode_router.identity.api_keys import API_KEYS
from opencode_router.identity.identity import IDENTITY
from opencode_router.protocol import ANTHROPIC, OPENAI, ClientProtocol
from opencode_router.requests import HAS_USAGE, REQUEST_ID, new_request_id
from opencode_router.usage.exchange import CALLER_GONE

log = logging.getLogger(__name__)

QUIET = frozenset({"/health", "/ready"})
"""Asked every few seconds; not logged."""


def build_app(gateway: Gateway) -> web.Application:
    """Middlewares from the outside in: every request gets an id and a log line, every error a shape.

    Raises CatalogueError when what is published of the catalogue cannot be.
    """
    app = web.Application(middlewares=[tag_and_log, render_errors], client_max_size=gateway.settings.max_body_bytes)
    app[GATEWAY] = gateway
    if gateway.settings.client_config:
        app[CLIENT_SETTINGS] = ClientSettingsOfDay(gateway, gateway.settings.client_config)
    app[IDENTITY] = gateway.identity
    app[API_KEYS] = gateway.identity.keys
    app.on_response_prepare.append(add_request_id)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
    app.router.add_get("/openapi.json", openapi)
    app.router.add_head("/", root)
    return app


@web.middleware
async def tag_and_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[REQUEST_ID] = new_request_id()
    started_s = time.monotonic()
    status = CALLER_GONE
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        note_response(request, status, time.monotonic() - started_s)


def note_response(request: web.Request, status: int, duration_s: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    request.app[GATEWAY].metrics.responded(route, status)
    if route not in QUIET and HAS_USAGE not in request:
        log.info(
            "response",
            extra={
                "request_id": request[REQUEST_ID],
                "method": request.method,
                "route": route,
                "status": status,
                "duration_ms": round(duration_s * 1000),
            },
        )


@web.middleware
async def render_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No error leaves in any shape but that of the caller's protocol."""
    try:
        return await handler(request)
    except RouterError as error:
        return error_response(request, error)
    except web.HTTPRequestEntityTooLarge:
        return error_response(request, BodyTooLarge(limit_bytes=request.app[GATEWAY].settings.max_body_bytes))
    except web.HTTPMethodNotAllowed as error:
        return error_response(request, MethodNotAllowed(method=request.method, allowed=error.allowed_methods))
    except web.HTTPException:
        return error_response(request, NotFound(f"there is no {request.path!r} here; GET /openapi.json lists what is"))
    except Exception:
        log.exception("unhandled", extra={"request_id": request[REQUEST_ID]})
        return error_response(request, Internal())


def error_response(request: web.Request, error: RouterError) -> web.Response:
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = f'Bearer error="{error.code}"'
        headers["x-should-retry"] = "false"  # read by Anthropic's and OpenAI's clients; Claude Code goes on for minutes
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allow
    body = protocol_of(request).error_body(error, request[REQUEST_ID])
    return web.Response(body=body, status=error.status, headers=headers, content_type="application/json")


def protocol_of(request: web.Request) -> ClientProtocol:
    """Anthropic's clients are known by the route, or by the version header they send everywhere."""
    is_anthropic = request.path.startswith(("/v1/messages", "/anthropic/")) or "anthropic-version" in request.headers
    return ANTHROPIC if is_anthropic else OPENAI


async def add_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """Under both names: OpenAI's clients read `x-request-id`, Anthropic's `request-id`."""
    response.headers["x-request-id"] = response.headers["request-id"] = request[REQUEST_ID]
