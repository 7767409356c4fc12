"""The proxy's application: checks, its two own paths, and everything else passed on, to one of two hosts."""

import asyncio
import logging
import time
from dataclasses import dataclass, field

from aiohttp import web

from opencode_auth.proxy import gatekeeper, identity, refusals
from opencode_auth.proxy.record import Record
from opencode_auth.proxy.refusals import Refusal
from opencode_auth.proxy.relay import Relay
from opencode_auth.proxy.sharing import Sharing

LOG = logging.getLogger(__name__)
MOST_CHALLENGE_CHARACTERS = 256


@dataclass(kw_only=True)
class Door:
    """How many requests are inside, and whether any more are to come."""

    asked_to_stop: asyncio.Event = field(default_factory=asyncio.Event)
    is_shut: asyncio.Event = field(default_factory=asyncio.Event)
    """No new connection is accepted: the port is free."""
    is_left: asyncio.Event = field(default_factory=asyncio.Event)
    """Shut, and whoever was inside is gone or will be cut off."""
    open_requests: int = 0
    is_empty: asyncio.Event = field(default_factory=asyncio.Event)

    def __enter__(self) -> None:
        self.open_requests += 1
        self.is_empty.clear()

    def __exit__(self, *_: object) -> None:
        self.open_requests -= 1
        if not self.open_requests:
            self.is_empty.set()

    async def leave(self, limit_s: float) -> int:
        """Waits for open requests; how many were still inside at the end."""
        if self.open_requests:
            try:
                async with asyncio.timeout(limit_s):
                    await self.is_empty.wait()
            except TimeoutError:
                LOG.warning("%d requests were cut off", self.open_requests)
        self.is_left.set()
        return self.open_requests


class Server:
    """Answers every request, by refusing it if need be."""

    def __init__(self, record: Record, secret: str, relay: Relay, sharing: Sharing) -> None:
        self.door = Door()
        self._record = record
        self._secret = secret
        self._relay = relay
        self.sharing = sharing
        self._own = {("GET", identity.HEALTH_PATH): self._health, ("POST", identity.STOP_PATH): self._stop}

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.answer)
        return application

    async def answer(self, request: web.Request) -> web.StreamResponse:
        started_s = time.monotonic()
        try:
            response = await self._checked(request)
        except Refusal as refusal:
            body = refusals.body(refusal, request.path)
            response = web.Response(status=refusal.status, body=body, content_type="application/json")
        if self.door.is_shut.is_set():
            response.force_close()
        took_ms = (time.monotonic() - started_s) * 1000
        LOG.info("%s %s %d %.0f ms", request.method, gatekeeper.loggable(request.path), response.status, took_ms)
        return response

    async def _checked(self, request: web.Request) -> web.StreamResponse:
        gatekeeper.check_source(request.headers, port=self._record.port)
        own = self._own.get((request.method, request.path))
        if own is not None:
            return await own(request)
        if request.raw_path.startswith(gatekeeper.SHARING):
            path = gatekeeper.share_path(request.raw_path, self._secret)
            with self.door:
                return await self.sharing.answer(request, path)
        gatekeeper.check_secret(request.headers, self._secret)
        gatekeeper.check_path(request.path, request.raw_path)
        with self.door:
            return await self._relay.answer(request, request.raw_path)

    async def _health(self, request: web.Request) -> web.Response:
        """`{"proof"}` over the challenge of the query; see identity.py. Says nothing else, and to anybody."""
        challenge = request.query.get("challenge", "")[:MOST_CHALLENGE_CHARACTERS]
        record = self._record
        proof = identity.proof(
            self._secret, challenge=challenge, port=record.port, pid=record.pid, instance=record.instance
        )
        return web.json_response({"proof": proof})

    async def _stop(self, request: web.Request) -> web.Response:
        """As SIGTERM. Answers when the port is free; with `?drained=1` when open requests have ended, too."""
        gatekeeper.check_secret(request.headers, self._secret)
        self.door.asked_to_stop.set()
        await self.door.is_shut.wait()
        if request.query.get("drained"):
            await self.door.is_left.wait()
        return web.json_response({"cut_off": self.door.open_requests})
