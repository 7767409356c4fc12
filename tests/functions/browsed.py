"""The page function behind a server of HTTP that signs everyone in as Ada, and tabs that note what goes wrong."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.browser import PATIENCE_MS
from tests.functions.conftest import GATEWAY_DOCUMENT, KEY, Downloads
from tests.functions.publisher import ARTIFACTS

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

WINDOWS = {**ARTIFACTS[1], "name": "opencode-auth-1.2.0-windows-x86_64.exe", "platform": "windows-x86_64"}
MAC = {**ARTIFACTS[1], "name": "opencode-auth-1.2.0-macos-arm64", "platform": "macos-arm64"}
MODEL = {
    "name": "Claude Sonnet 5.5",
    "limit": {"context": 1_000_000, "output": 128_000},
    "cost": {"input": 2.0, "output": 10.0, "cache_read": 0.1},
    "tool_call": True,
    "modalities": {"input": ["text", "image"], "output": ["text"]},
}
NAMES = ["claude-sonnet-5-5", *(f"model-{number}" for number in range(11))]
MODELS = {"config": {"model": f"gateway/{NAMES[0]}", "provider": {"gateway": {"models": dict.fromkeys(NAMES, MODEL)}}}}


@dataclass
class Site:
    """What the browser is given. `claims` are added to those of Ada."""

    downloads: Downloads
    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """What a browser complained of: broken rules of the policy, failed requests, errors of scripts."""

    def publish(self, **changes: Any) -> None:
        world = self.downloads.world
        world.put(KEY, world.publisher.envelope({"artifacts": [*ARTIFACTS, WINDOWS, MAC], **changes}))
        world.publish(GATEWAY_DOCUMENT, json.dumps(MODELS).encode())

    async def answer(self, request: web.Request) -> web.Response:
        data = self.downloads.world.balancer.data(self.downloads.now_s, **self.claims)
        made = await asyncio.to_thread(self.downloads.page, request.path, data=data)
        body = b64decode(made["body"]) if made["isBase64Encoded"] else made["body"].encode()
        return web.Response(status=made["statusCode"], headers=made["headers"], body=body)

    @asynccontextmanager
    async def tab(self, chromium: "Browser", path: str = "/", **options: Any) -> AsyncIterator["Page"]:
        """At the path, in a browser that has never been anywhere; `options` are those of a Playwright context."""
        context = await chromium.new_context(reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE_MS)
        opened = await context.new_page()
        opened.on("console", lambda said: self.faults.append(said.text))
        opened.on("pageerror", lambda error: self.faults.append(str(error)))
        opened.on("requestfailed", lambda request: self.faults.append(request.url))
        await opened.goto(self.url + path)
        yield opened
        assert await context.cookies() == []
        assert self.faults == []
        await context.close()


@asynccontextmanager
async def running_site(downloads: Downloads) -> AsyncIterator[Site]:
    """With four artifacts, two past releases and twelve models."""
    site = Site(downloads)
    site.publish()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        site.url = f"http://127.0.0.1:{server.port}"
        yield site
