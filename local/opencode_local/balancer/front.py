"""The HTTP server of a listener.

aiohttp has no seam for the answer to what it cannot read as HTTP, nor for the headers that it adds itself: therefore a
connection and a request class of our own.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import http_exceptions, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader

from opencode_local.balancer import answers
from opencode_local.balancer.limits import MAX_HEADER_LINES, MAX_HEADERS_BYTES, unreadable
from opencode_local.balancer.listener import Listener
from opencode_local.balancer.tempo import Tempo

Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
BACKLOG = 1024
LARGEST_READ_BYTES = 2**20
MAX_LINGERING_S = 5
"""How long a client that was answered early may go on sending, so that it reads the answer."""


class Connection(web.RequestHandler):
    """One client's connection."""

    def __init__(self, server: "Server", opened_at: float, **settings: Any) -> None:
        super().__init__(server, **settings)
        self.opened_at = opened_at

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The load balancer's own words for what is no HTTP, and for a fault in it."""
        if isinstance(exc, http_exceptions.HttpProcessingError):
            answer = answers.error(unreadable(exc))
            answer.force_close()
            return answer
        self.log_exception("Error handling request from %s", request.remote, exc_info=exc)
        return answers.error(500)


class FrontRequest(web.Request):
    """A request whose answer the listener has the last word on."""

    def __init__(self, front: "Front", *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._front = front

    async def _prepare_hook(self, answer: web.StreamResponse) -> None:
        self._front.finish(self, answer)


class Server(web.Server):
    """Gives each client a `Connection`."""

    def __init__(self, handler: Answering, *, clock: Callable[[], float], **settings: Any) -> None:
        super().__init__(handler, **settings)
        self._clock = clock

    def __call__(self) -> Connection:
        return Connection(self, self._clock(), loop=self._loop, **self._kwargs)


class Front:
    """Serves one listener on one or more addresses."""

    def __init__(self, listener: Listener, *, idle_timeout_s: float, keep_alive_s: float, tempo: Tempo) -> None:
        self.listener = listener
        self._idle_timeout_s, self._keep_alive_s, self._clock = idle_timeout_s, keep_alive_s, tempo.clock
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """The port it listens on. Raises OSError when it is taken."""
        if self._runner is None:
            self._runner = web.ServerRunner(self._server(), shutdown_timeout=0)
            await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls, backlog=BACKLOG)
        await site.start()
        return int(self._runner.addresses[-1][1])

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def finish(self, request: web.BaseRequest, answer: web.StreamResponse) -> None:
        connection = request.protocol
        if isinstance(connection, Connection) and self._clock() - connection.opened_at > self._keep_alive_s:
            answer.force_close()
            answer.headers["Connection"] = "close"
        self.listener.finish(answer)

    def _server(self) -> Server:
        return Server(
            self._answer,
            clock=self._clock,
            request_factory=self._request,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=self._idle_timeout_s,
            lingering_time=min(MAX_LINGERING_S, self._idle_timeout_s),
            auto_decompress=False,
            max_line_size=MAX_HEADERS_BYTES,
            max_field_size=MAX_HEADERS_BYTES,
            max_headers=MAX_HEADER_LINES,
        )

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if not isinstance(request, FrontRequest):
            raise TypeError(f"{type(request).__name__} is not of this listener")
        return await self.listener.answer(request)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> FrontRequest:
        loop = asyncio.get_running_loop()
        return FrontRequest(self, message, payload, protocol, writer, task, loop, client_max_size=LARGEST_READ_BYTES)
