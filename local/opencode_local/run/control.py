"""Where a running cloud answers `make status`: on loopback, to whoever can read the run's file."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from hmac import compare_digest

import aiohttp
from aiohttp import web

from opencode_local.run.run_file import Run
from opencode_local.status import Status

STATUS = "/status"


class Control:
    """One endpoint."""

    def __init__(self, status: Callable[[], Sequence[Status]]) -> None:
        self._status = status
        self.secret = secrets.token_urlsafe(24)
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get(STATUS, self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        sent = request.headers.get("Authorization", "")
        if not compare_digest(sent.encode(), f"Bearer {self.secret}".encode()):
            raise web.HTTPUnauthorized(text="the secret is in .local/run.json")
        return web.json_response([asdict(one) for one in self._status()])


async def status_of(run: Run) -> list[Status]:
    """Asks a running cloud. Raises aiohttp's ClientError when it does not answer."""
    as_ours = {"Authorization": f"Bearer {run.control_secret}"}
    asking = aiohttp.ClientSession(run.control_url, headers=as_ours, raise_for_status=True)
    async with asking as client, client.get(STATUS) as response:
        return [Status(**one) for one in await response.json()]
