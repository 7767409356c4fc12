"""Sessions that are shared in a run, by who writes them and by who opens their link in a browser."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from bench.screenshots import posted
from bench.sharing import connector
from tests.browser import PATIENCE_MS
from tests.local.run.running import Running

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

OWNER, COLLEAGUE = "Ada Lovelace", "Linus Sixpack"
BATCH_ITEMS = 700


@dataclass(frozen=True)
class WrittenShare:
    link: str
    address: str
    """Of the interface."""
    secret: Mapping[str, str] = field(repr=False)
    client: aiohttp.ClientSession

    async def sync(self, items: Iterable[Any]) -> None:
        """In as many batches as it takes; fails where one of the items is not taken."""
        data = [*items]
        for start in range(0, len(data), BATCH_ITEMS):
            sent = {**self.secret, "data": data[start : start + BATCH_ITEMS]}
            assert (await posted(self.client, f"{self.address}/sync", sent, {})).keys() == {"success", "sequence"}


@asynccontextmanager
async def written_share(running: Running, **wishes: Any) -> AsyncIterator[WrittenShare]:
    """Of the owner by the personal key; deleted in the end."""
    url = f"{running.run.outputs['sharing_url']}/api/share"
    async with aiohttp.ClientSession(connector=connector()) as client:
        made = await posted(client, url, {"sessionID": "ses_1", **wishes}, dict(running.as_key))
        share = WrittenShare(made["url"], f"{url}/{made['id']}", {"secret": made["secret"]}, client)
        yield share
        async with client.delete(share.address, json=share.secret) as deleted:
            assert deleted.ok


@asynccontextmanager
async def opened(chromium: "Browser", link: str) -> AsyncIterator["Page"]:
    """A tab of a browser that has never been anywhere. Fails if a script of a page did."""
    context = await chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(3 * PATIENCE_MS)
    tab = await context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    await tab.goto(link)
    yield tab
    await context.close()
    assert not faults


@asynccontextmanager
async def watching(chromium: "Browser", link: str, person: str) -> AsyncIterator["Page"]:
    """The tab of somebody who has signed in by what the page offers, once all is shown and more may come."""
    async with opened(chromium, link) as tab:
        await tab.get_by_role("link", name="Sign in").click()
        await tab.get_by_role("button", name=person).click()
        await tab.wait_for_url(link)
        await tab.get_by_text("Live", exact=True).wait_for()
        yield tab
