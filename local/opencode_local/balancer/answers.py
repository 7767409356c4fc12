"""What the load balancer answers by itself, as AWS words it.

Sources: Application Load Balancer user guide, "Troubleshoot your Application Load Balancers" for the statuses (read
2026-11-21); titles and page as its load balancers send them.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from opencode_components.testing.listener_conditions import Request
from opencode_components.testing.listener_rules import REDIRECT_STATUS, location
from opencode_local.addresses import Addresses

TITLES: Mapping[int, str] = {
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    401: "Authorization Required",
    403: "Forbidden",
    405: "Not Allowed",
    408: "Request Time-out",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    463: "",
    464: "",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    561: "Authentication Error",
}
CLOSING = frozenset({400, 405, 408, 413, 414, 501})
"""After these nobody knows where the next request would begin."""


def page(status: int) -> str:
    title = f"{status} {TITLES[status]}".rstrip()
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
        "",
    )
    return "\r\n".join(lines)


def error(status: int) -> web.Response:
    answer = web.Response(status=status, reason=TITLES[status], text=page(status), content_type="text/html")
    answer.charset = None
    if status in CLOSING:
        answer.force_close()
    return answer


def fixed_response(action: Mapping[str, Any]) -> web.Response:
    """As declared; `text/plain` without a type."""
    declared = action["fixedResponse"]
    body = (declared.get("messageBody") or "").encode()
    kind = declared.get("contentType") or "text/plain"
    headers = {"Content-Type": f"{kind}; charset=utf-8"}
    return web.Response(status=int(declared["statusCode"]), body=body, headers=headers)


def redirect(action: Mapping[str, Any], request: Request, addresses: Addresses) -> web.Response:
    """To where the rule says, at its place on this machine."""
    declared = action["redirect"]
    answer = error(REDIRECT_STATUS[declared["statusCode"]])
    answer.headers["Location"] = addresses.local(location(declared, request))
    return answer
