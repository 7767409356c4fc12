"""Requests to targets that are addresses, and their answers, passed on as they come.

Sources, read 2026-11-21: Application Load Balancer user guide, "Troubleshoot your Application Load Balancers", "The
load balancer generates an HTTP error"; Elastic Load Balancing user guide, "How Elastic Load Balancing works".
"""

import logging
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from yarl import URL

from opencode_local.balancer import answers, websocket
from opencode_local.balancer.exchange import Exchange
from opencode_local.balancer.idling import Idling
from opencode_local.balancer.limits import CONNECT_TIMEOUT_S, MAX_ANSWER_HEADERS_BYTES
from opencode_local.balancer.registrations import Registration, Target
from opencode_local.balancer.request_target import origin_form
from opencode_local.balancer.response_headers import RELAYED, relayed
from opencode_local.balancer.target_groups import TargetGroup

ADDED_BY_CLIENT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""What the HTTP client would put in where a request has none of it."""

logger = logging.getLogger(__name__)


class Proxy:
    """Keeps connections to targets, each for as long as the idle timeout, as AWS does.

    A target that closes idle connections earlier fails requests now and then, there as here.
    """

    def __init__(self, idle_timeout_s: float) -> None:
        self._idle_timeout_s = idle_timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=self._idle_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
            auto_decompress=False,
            skip_auto_headers=ADDED_BY_CLIENT,
            max_line_size=MAX_ANSWER_HEADERS_BYTES,
            max_field_size=MAX_ANSWER_HEADERS_BYTES,
        )

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def forward(self, exchange: Exchange, group: TargetGroup) -> web.StreamResponse:
        """The answer of one of the targets, or the load balancer's own where none gives any."""
        if group.protocol_version != "HTTP1":
            return answers.error(464)
        refused: set[Target] = set()
        while registration := group.choose(preferred=exchange.preferred, without=refused):
            try:
                return await self._send(exchange, registration, group.scheme)
            except aiohttp.ClientConnectorError:
                refused.add(registration.target)
        return answers.error(502 if refused else 503)

    async def _send(self, exchange: Exchange, registration: Registration, scheme: str) -> web.StreamResponse:
        """Raises ClientConnectorError when there was no connection, so that nothing was sent."""
        idling: Idling | None = None
        try:
            async with registration.opened(self._idle_timeout_s) as idling:
                return await self._exchange(exchange, registration.target, scheme, idling)
        except aiohttp.ClientConnectorError as error:
            logger.info("%s %s at %s: %s", *seen(exchange.request), registration.target.id, error)
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            logger.info("%s %s at %s: %r", *seen(exchange.request), registration.target.id, error)
            if exchange.answer is not None:
                return exchange.break_off()
            return answers.error(failure(error, exchange.request, was_cut=idling is not None and idling.was_cut))

    async def _exchange(self, exchange: Exchange, target: Target, scheme: str, idling: Idling) -> web.StreamResponse:
        if self._session is None:
            raise RuntimeError("the load balancer has not been started")
        request = exchange.request
        if exchange.is_websocket:
            exchange.headers.update({"Connection": "Upgrade", "Upgrade": "websocket"})
        async with self._session.request(
            request.method,
            URL(f"{scheme}://{authority(target)}{origin_form(request)}", encoded=True),
            headers=exchange.headers,
            data=uploaded(request, idling) if request.body_exists else None,
            allow_redirects=False,
            ssl=False,
        ) as upstream:
            idling.moved()
            if sum(len(name) + len(value) for name, value in upstream.raw_headers) > MAX_ANSWER_HEADERS_BYTES:
                return answers.error(502)
            if upstream.status == 101:
                return await websocket.tunnel(exchange, upstream, target, idling)
            return await passed_on(exchange, upstream, target, idling)


async def passed_on(
    exchange: Exchange, upstream: aiohttp.ClientResponse, target: Target, idling: Idling
) -> web.StreamResponse:
    """The answer, each piece as it comes."""
    headers = relayed(upstream.raw_headers)
    answer = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=headers)
    answer[RELAYED] = headers
    if exchange.is_websocket:
        answer.force_close()
    await exchange.begin(answer, target)
    async for piece in upstream.content.iter_any():
        await answer.write(piece)
        idling.moved()
    await answer.write_eof()
    return answer


async def uploaded(request: web.BaseRequest, idling: Idling) -> AsyncIterator[bytes]:
    async for piece in request.content.iter_any():
        idling.moved()
        yield piece


def authority(target: Target) -> str:
    return f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"


def seen(request: web.BaseRequest) -> tuple[str, str]:
    """Method and path, without the query: it may hold what is nobody's business."""
    return request.method, request.path


def failure(error: Exception, request: web.BaseRequest, *, was_cut: bool) -> int:
    """The status for a request that got no answer."""
    if request.content.exception() is not None:
        return 400
    if was_cut or not isinstance(error, TimeoutError):
        return 502
    is_client_silent = request.body_exists and not request.content.is_eof()
    return 408 if is_client_silent else 504
