"""The local proxy in the test's own event loop, between a gateway that the test plays and tools that it plays too."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from opencode_auth.proxy import record, service
from opencode_auth.proxy.sharing import Pace
from opencode_auth.proxy.upstream import Clocks, Limits
from opencode_local.ports import free_port

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEY = "sk-of-ada"
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


@dataclass
class PlayedGateway:
    """Answers as `answer` says; keeps the headers and bodies it saw."""

    answer: Handler
    url: str = ""
    seen: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    arrivals: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    """Acquired once for every request that came."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        self.connections.add(request.transport)
        self.bodies.append(await request.read())
        self.arrivals.release()
        return await self.answer(request)


@asynccontextmanager
async def played_gateway(answer: Handler) -> AsyncIterator[PlayedGateway]:
    gateway = PlayedGateway(answer)
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", gateway.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield gateway
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class LocalProxy:
    url: str
    secret: str
    inside: service.Proxied
    tool: aiohttp.ClientSession

    @property
    def key(self) -> dict[str, str]:
        return {"x-api-key": self.secret}


@asynccontextmanager
async def local_proxy(
    own_folder: Path,
    api_url: str,
    *,
    sharing_url: str | None = None,
    limits: Limits | None = None,
    clocks: Clocks | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[LocalProxy]:
    """With a home of its own; variables that are set stay as they are."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENCODE_AUTH_HOME", str(own_folder))
        file = own_folder / "config/gateway.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        settings = {"api_url": api_url, "issuer": "http://127.0.0.1:1", "client_id": "opencode-cli"}
        file.write_text(json.dumps({**settings, "sharing_url": sharing_url}))
        limits = limits or Limits(drain_s=0.1)
        inside = await service.opened(free_port(0), limits, clocks, pace)
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as tool:
                yield LocalProxy(inside.record.url, record.secret(), inside, tool)
        finally:
            await service.closed(inside, limits)


async def said_ok(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"ok": True})


def silent_until(released: asyncio.Event) -> Handler:
    """A first byte that takes as long as the test wants."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response({"ok": True})

    return answer
