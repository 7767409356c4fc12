"""A web server on loopback with one handler for every request: what an event source is to its callers."""

from collections.abc import Awaitable, Callable

from aiohttp import web

LARGEST_LINE_BYTES = 10 * 2**10
"""Source: API Gateway developer guide, "Quotas for configuring and running an HTTP API" (read 2026-11-21): request
line and headers together.
"""
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Serving:
    """Between `start` and `stop`."""

    def __init__(self, answer: Answer, *, max_body_bytes: int) -> None:
        self._answer, self._max_body_bytes = answer, max_body_bytes
        self._runner: web.AppRunner | None = None
        self.origin = ""

    async def start(self) -> str:
        """Listens on any free port; returns the origin, like `http://localhost:40123`."""
        app = web.Application(client_max_size=self._max_body_bytes)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0, max_line_size=LARGEST_LINE_BYTES, handler_cancellation=True
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.origin = f"http://localhost:{self._runner.addresses[0][1]}"
        return self.origin

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()


async def body_of(request: web.Request) -> bytes | None:
    """None when it is larger than what the server takes."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None


def message(status: int, text: str, *, name: str = "message") -> web.Response:
    """`{"message": ...}`, which is how API Gateway and Lambda say what is wrong."""
    return web.json_response({name: text}, status=status)
