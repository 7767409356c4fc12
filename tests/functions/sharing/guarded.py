"""A tab at a session that means harm, and what is never to happen in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.browser import PATIENCE_MS
from tests.functions.sharing import hostile
from tests.functions.sharing.watched import open_all

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Request


class Watch:
    """Everything that a tab does that nobody asked it for."""

    def __init__(self, tab: "Page", own_origin: str) -> None:
        self.seen: list[str] = []
        self._own = (f"{own_origin}/share", "data:image/")
        tab.on("dialog", lambda dialog: self.seen.append(f"dialog {dialog.message}"))
        tab.on("console", lambda said: self.seen.append(f"console {said.text}"))
        tab.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        tab.on("popup", lambda popup: self.seen.append(f"popup {popup.url}"))
        tab.on("request", self._request)

    def _request(self, request: "Request") -> None:
        if not request.url.startswith(self._own):
            self.seen.append(f"request {request.url}")


@asynccontextmanager
async def guarded(chromium: "Browser", url: str, *, has_policy: bool = True, **options: Any) -> AsyncIterator["Page"]:
    """A tab that has shown everything; that nothing ran is seen to at the end.

    `options` are those of a Playwright context.
    """
    context = await chromium.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(3 * PATIENCE_MS)
    await context.add_init_script(hostile.HOOKS)
    tab = await context.new_page()
    address = urlsplit(url)
    watch = Watch(tab, f"{address.scheme}://{address.netloc}")
    response = await tab.goto(url)
    assert response
    assert ("content-security-policy" in response.headers) == has_policy
    await tab.get_by_text("Live", exact=True).wait_for()
    yield tab
    executed = await tab.evaluate("window.__executed")
    assert executed == watch.seen == [], (executed, watch.seen)
    assert tab.url == url
    await context.close()


async def has_only_its_own_elements(tab: "Page") -> None:
    await open_all(tab)
    foreign = await tab.evaluate(hostile.FOREIGN)
    assert foreign == [], foreign
