"""Cross-origin requests as function URLs and HTTP APIs answer them, from their declared configuration.

Sources: Lambda API reference, "Cors"; API Gateway developer guide, "Configure CORS for HTTP APIs in API Gateway" (read
2026-11-21).
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

PREFIX = "access-control-"


def is_preflight(request: web.Request) -> bool:
    return request.method == "OPTIONS" and {"Origin", "Access-Control-Request-Method"} <= set(request.headers)


def preflight(cors: Mapping[str, Any], request: web.Request, *, status: int) -> web.Response:
    """The answer that no function is asked for: without headers where the origin or the method is not allowed."""
    allowed = allowed_origin(cors, request.headers["Origin"])
    answer = web.Response(status=status)
    if allowed is None or not _is_allowed(cors.get("allowMethods"), request.headers["Access-Control-Request-Method"]):
        return answer
    stated = {
        "Access-Control-Allow-Methods": ",".join(cors.get("allowMethods") or ()),
        "Access-Control-Allow-Headers": ",".join(cors.get("allowHeaders") or ()),
        "Access-Control-Max-Age": str(cors["maxAge"]) if cors.get("maxAge") else "",
        **_of_every_answer(cors, allowed),
    }
    answer.headers.update({name: text for name, text in stated.items() if text})
    return answer


def add_headers(cors: Mapping[str, Any], request: web.Request, answer: web.StreamResponse) -> None:
    """In place of those that the function has set."""
    for name in [name for name in answer.headers if name.lower().startswith(PREFIX)]:
        answer.headers.popall(name)
    allowed = allowed_origin(cors, request.headers.get("Origin", ""))
    if allowed is not None:
        answer.headers.update(_of_every_answer(cors, allowed))


def allowed_origin(cors: Mapping[str, Any], origin: str) -> str | None:
    """What `Access-Control-Allow-Origin` is, None where the origin is not allowed."""
    origins = [str(allowed) for allowed in cors.get("allowOrigins") or ()]
    if not origin:
        return None
    if "*" in origins:
        return origin if cors.get("allowCredentials") else "*"
    scheme = f"{origin.partition('://')[0]}://*"
    return origin if origin in origins or scheme in origins else None


def _of_every_answer(cors: Mapping[str, Any], allowed: str) -> dict[str, str]:
    made = {"Access-Control-Allow-Origin": allowed}
    if cors.get("allowCredentials"):
        made["Access-Control-Allow-Credentials"] = "true"
    if cors.get("exposeHeaders"):
        made["Access-Control-Expose-Headers"] = ",".join(cors["exposeHeaders"])
    if allowed != "*":
        made["Vary"] = "Origin"
    return made


def _is_allowed(methods: Any, method: str) -> bool:
    return "*" in (methods or ()) or method in (methods or ())
