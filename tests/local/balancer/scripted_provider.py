"""An identity provider that answers a load balancer as a test says."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from tests.local.balancer.key_server import encoded, present
from tests.local.browser import Clock

PROVIDER = "https://scripted.example.com"
CLIENT_ID = "web client"
CLIENT_SECRET = "s3cret:/+é"
SUB = "ada"


@dataclass
class Endpoint:
    """`document` is JSON, or text as it is."""

    document: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the last request."""
    form: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        self.headers = dict(request.headers)
        self.form = {name: str(value) for name, value in (await request.post()).items()}
        document = self.document
        await self.may_answer.wait()
        if isinstance(document, str):
            return web.Response(status=self.status, text=document)
        return web.json_response(document, status=self.status)


class ScriptedProvider:
    """Good answers, until a test puts others in their place."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.origin = ""
        self.clear()

    def clear(self) -> None:
        self.token, self.user_info = Endpoint(self.tokens()), Endpoint({"sub": SUB, "name": "Ada"})
        self.token.may_answer.set()
        self.user_info.may_answer.set()

    def tokens(self, **changes: Any) -> dict[str, Any]:
        """The token endpoint's answer; a change to None leaves a member out."""
        usual = {"access_token": "access", "token_type": "Bearer", "expires_in": 3600, "id_token": self.id_token()}
        return present({**usual, **changes})

    def id_token(self, **changes: Any) -> str:
        claims = {"iss": self.origin, "aud": CLIENT_ID, "exp": int(self.clock()) + 60, "sub": SUB}
        parts = ({"alg": "RS256", "kid": "one"}, present({**claims, **changes}))
        return ".".join([*(encoded(msgspec.json.encode(part)).decode() for part in parts), "c2ln"])

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        return await (self.token if request.path == "/token" else self.user_info).answer(request)


@asynccontextmanager
async def scripted_provider(clock: Clock) -> AsyncIterator[ScriptedProvider]:
    provider = ScriptedProvider(clock)
    runner = web.ServerRunner(web.Server(provider.answer, handler_cancellation=True), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    provider.clear()
    try:
        yield provider
    finally:
        await runner.cleanup()
