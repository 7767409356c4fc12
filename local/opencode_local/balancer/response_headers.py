"""Headers of an answer on its way to the client.

Source: Application Load Balancer user guide, "HTTP header modification for your Application Load Balancer" (read
2026-11-21).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from opencode_local.balancer.request_headers import HOP_BY_HOP

RELAYED = web.ResponseKey("relayed", CIMultiDict[str])
"""On an answer that comes from a target: the headers that it came with."""
SERVER = "awselb/2.0"
ADDED: Mapping[str, str] = {
    f"routingHttpResponse{name.replace('-', '')}HeaderValue": name
    for name in (
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Headers",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
        "Access-Control-Max-Age",
        "Content-Security-Policy",
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "X-Frame-Options",
    )
}
"""The listener's property for each header that it can add."""


def relayed(raw: Iterable[tuple[bytes, bytes]]) -> CIMultiDict[str]:
    """The target's headers, without those that are for its connection alone."""
    pairs = [(name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")) for name, value in raw]
    own = {part.strip().lower() for name, value in pairs if name.lower() == "connection" for part in value.split(",")}
    return CIMultiDict((name, value) for name, value in pairs if name.lower() not in HOP_BY_HOP | own)


def finish(answer: web.StreamResponse, listener: Mapping[str, Any]) -> None:
    """Takes out what the server library put in, and adds what the listener declares."""
    from_target = answer.get(RELAYED)
    for name in ("Server", "Content-Type") if from_target is not None else ("Server",):
        if from_target is None or name not in from_target:
            answer.headers.popall(name, None)
    if from_target is None and listener.get("routingHttpResponseServerEnabled") is not False:
        answer.headers["Server"] = SERVER
    for key, name in ADDED.items():
        if listener.get(key):
            answer.headers[name] = str(listener[key])
