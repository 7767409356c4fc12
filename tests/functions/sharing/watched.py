"""The viewer's page, as it is served, before a stand-in of the service that tells of made-up sessions."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

from share_sessions import viewer_site
from share_sessions.assets import ASSETS
from tests.browser import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

SHARE_ID = "abcdefghijklmnopqrstuvwxyz234567"
ABOUT = {
    "title": "Mend the flaky test",
    "owner_name": "Ada Lovelace",
    "visibility": "organisation",
    "expires_at": "2026-11-28T14:00:00Z",
    "is_owner": False,
}
EXPECTED_REFUSAL = "Failed to load resource: the server responded with a status of"
OPEN = """async () => {
  for (let each; (each = document.querySelectorAll("details:not([open])")).length; ) {
    for (const details of each) details.open = true;
    await new Promise((resolve) => setTimeout(resolve));
  }
}"""

Entry = dict[str, Any]


def entry(kind: str, data: Any, version: int = 1) -> Entry:
    keys = {"message": lambda: f"message/{data['id']}", "part": lambda: f"part/{data['messageID']}/{data['id']}"}
    return {"key": keys.get(kind, lambda: kind)(), "version": version, "item": {"type": kind, "data": data}}


@dataclass
class Watched:
    """A share, as the service tells of it. Every batch that is `written` gets the next sequence number."""

    batches: list[list[Entry]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=lambda: dict(ABOUT))
    refusal: tuple[int, str] | None = None
    """Status and message of every answer about the state."""
    page_items: int = 10_000
    has_live: bool = True
    has_policy: bool = True
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Query strings of requests for the state."""
    now: datetime = datetime(2026, 11, 21, 14, tzinfo=UTC)
    """Of the service, in its answers."""
    tickets: list[str] = field(default_factory=list)
    """With which browsers came to watch."""
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What a browser complained of: broken rules of the policy, failed requests, errors of scripts."""

    def add(self, entries: Iterable[Entry]) -> int:
        """Without a word to those who watch; gives the sequence number."""
        self.batches.append(list(entries))
        return len(self.batches)

    async def write(self, entries: Iterable[Entry]) -> None:
        batch = list(entries)
        await self.tell({"sequence": self.add(batch), "version": 1, "items": batch})

    async def tell(self, frame: dict[str, Any]) -> None:
        for socket in self.sockets:
            await socket.send_json(frame)

    async def disconnect(self) -> None:
        """As API Gateway does with connections that were idle for 10 minutes, or are 2 hours old."""
        for socket in [*self.sockets]:
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def state(self, after: int, page: int) -> dict[str, Any]:
        new = [item for batch in self.batches[after:] for item in batch]
        start = page * self.page_items
        live = {"url": self.url.replace("http:", "ws:") + "/live", "ticket": f"ticket-{len(self.asked)}"}
        return {
            "share": self.about,
            "sequence": len(self.batches),
            "is_whole": after == 0 and page == 0,
            "items": new[start : start + self.page_items],
            "next_page": page + 1 if start + self.page_items < len(new) else None,
            "live": live if self.has_live else None,
        }

    async def answer(self, request: web.Request) -> web.Response:
        if made := ASSETS.answers.get(request.path):
            return web.Response(body=made.body, headers=made.headers)
        if request.path.endswith("/state"):
            return self.state_answer(request)
        made = viewer_site.page(f"ws://{request.host}/live")
        dropped = () if self.has_policy else ("Content-Security-Policy",)
        headers = {name: value for name, value in made.headers.items() if name not in dropped}
        return web.Response(body=made.body, headers=headers)

    def state_answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.query_string)
        headers = {"Date": format_datetime(self.now, usegmt=True)}
        if self.refusal:
            status, message = self.refusal
            told = {"error": {"message": message, "type": "invalid_request_error", "code": "refused"}}
            return web.json_response(told, status=status, headers=headers)
        found = self.state(int(request.query["after"]), int(request.query.get("page", 0)))
        if request.query.get("live") == "0":
            found["live"] = None
        return web.json_response(found, headers=headers)

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.tickets.append(request.query["ticket"])
        self.sockets.append(socket)
        async for message in socket:
            assert message.type is not WSMsgType.TEXT, "the page has nothing to say"
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    @asynccontextmanager
    async def tab(
        self, chromium: "Browser", anchor: str = "", *, clock: datetime | None = None, **options: Any
    ) -> AsyncIterator["Page"]:
        """At the share, in a browser that has never been anywhere; `options` are those of a Playwright context.

        With a `clock` that the test can move on, and that says so at first.
        """
        context = await chromium.new_context(reduced_motion="reduce", timezone_id="UTC", **options)
        context.set_default_timeout(PATIENCE_MS)
        if clock:
            await context.clock.install(time=clock)
        opened = await context.new_page()
        opened.on("console", lambda said: self.faults.append(said.text))
        opened.on("pageerror", lambda error: self.faults.append(str(error)))
        opened.on("requestfailed", lambda request: self.faults.append(request.url))
        await opened.goto(f"{self.url}/share/{SHARE_ID}{anchor}")
        await opened.locator("#content[aria-busy=false]").wait_for()
        yield opened
        assert await context.cookies() == []
        assert await opened.evaluate("localStorage.length + sessionStorage.length") == 0
        await context.close()
        assert [fault for fault in self.faults if not fault.startswith(EXPECTED_REFUSAL)] == []


async def open_all(tab: "Page") -> None:
    """What is folded, and what is folded in it."""
    await tab.evaluate(OPEN)


@asynccontextmanager
async def running(watched: Watched) -> AsyncIterator[Watched]:
    app = web.Application()
    app.router.add_get("/live", watched.live)
    app.router.add_get("/{path:.*}", watched.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        watched.url = f"http://127.0.0.1:{server.port}"
        yield watched
        await watched.disconnect()
