"""What a request line asks for: path and query as they were sent, nothing decoded.

Source: RFC 9112, section 3.2: a request to a proxy may name the whole URL, and a server has to take it.
"""

from aiohttp import web
from yarl import URL


def origin_form(request: web.BaseRequest) -> str:
    """`/path?query`, also where the client sent the whole URL."""
    sent = request.raw_path
    return sent if sent.startswith("/") else URL(sent, encoded=True).raw_path_qs


def path_and_query(request: web.BaseRequest) -> tuple[str, list[tuple[str, str]]]:
    """The path, and the query's keys and values."""
    path, _, query = origin_form(request).partition("?")
    return path, [(key, value) for part in query.split("&") if part for key, _, value in [part.partition("=")]]
