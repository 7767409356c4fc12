"""Requests that a load balancer does not take.

Sources, read 2026-11-21: Application Load Balancer user guide, "Quotas for your Application Load Balancers", HTTP
headers, and "Troubleshoot your Application Load Balancers", "The load balancer generates an HTTP error".
"""

from collections.abc import Callable, Sequence

from aiohttp import web

from opencode_local.balancer.request_headers import Pairs, listed

MAX_LINE_BYTES = 16 * 1024
"""Of the request line: method, path with query, and version."""
MAX_HEADER_BYTES = 16 * 1024
"""Of one header."""
MAX_HEADERS_BYTES = 64 * 1024
"""Of all headers of a request together."""
MAX_HEADER_LINES = MAX_HEADERS_BYTES // len("a:\r\n")
"""More cannot be in that space: the number by itself is not limited."""
MAX_ANSWER_HEADERS_BYTES = 32 * 1024
"""Of all headers of a target's answer together."""
MAX_FORWARDED_FOR = 30
"""Addresses in `X-Forwarded-For`."""
MAX_FUNCTION_BYTES = 1024 * 1024
"""Of a request's body for a function, and of the JSON that it answers with."""
CONNECT_TIMEOUT_S = 10
"""For the connection to a target."""


def refusal(request: web.BaseRequest, sent: Pairs) -> int | None:
    """The status with which the request is refused before any rule is looked at."""
    return next((status for status, is_met in REFUSALS if is_met(request, sent)), None)


def is_missing_host(request: web.BaseRequest, _sent: Pairs) -> bool:
    return request.version >= (1, 1) and "Host" not in request.headers


def is_long(request: web.BaseRequest, _sent: Pairs) -> bool:
    return len(f"{request.method} {request.raw_path} HTTP/1.1".encode("utf-8", "surrogateescape")) > MAX_LINE_BYTES


def is_large(request: web.BaseRequest, _sent: Pairs) -> bool:
    sizes = [len(name) + len(value) for name, value in request.raw_headers]
    return max(sizes, default=0) > MAX_HEADER_BYTES or sum(sizes) > MAX_HEADERS_BYTES


def is_encoded(_request: web.BaseRequest, sent: Pairs) -> bool:
    """In a way that cannot be decoded for a target."""
    return not {each.lower() for each in listed(sent, "transfer-encoding")} <= {"chunked", "identity"}


def is_forwarded(_request: web.BaseRequest, sent: Pairs) -> bool:
    """By too many."""
    return len(listed(sent, "x-forwarded-for")) > MAX_FORWARDED_FOR


REFUSALS: Sequence[tuple[int, Callable[[web.BaseRequest, Pairs], bool]]] = (
    (405, lambda request, _sent: request.method == "TRACE"),
    (400, is_missing_host),
    (414, is_long),
    (400, is_large),
    (501, is_encoded),
    (463, is_forwarded),
)


def unreadable(error: BaseException | None) -> int:
    """The status for a request that is no HTTP."""
    return 501 if "invalid `Transfer-Encoding`" in str(error) else 400
