"""Search in the viewer's page, and the ways to a message: by a link and by the keyboard."""

from typing import TYPE_CHECKING

import pytest

from tests.functions.sharing import sessions
from tests.functions.sharing.watched import Watched
from tests.functions.test_page_in_browser import DESK, PHONE

if TYPE_CHECKING:
    from playwright.async_api import Browser

MANY = 80
IS_SCROLLED_TO = """node => new Promise((told) => {
  const look = (frames) => {
    const isThere = Math.abs(node.getBoundingClientRect().top) < innerHeight;
    if (isThere || frames === 0) told(isThere);
    else requestAnimationFrame(() => look(frames - 1));
  };
  look(300);
})"""


async def test_a_long_session_comes_by_pages_and_is_searched_before_it_is_shown(
    share: Watched, chromium: "Browser"
) -> None:
    share.add(sessions.long(MANY))
    share.page_items = 100
    last = sessions.message_id(MANY)
    async with share.tab(chromium, viewport=PHONE) as tab:
        await tab.evaluate("void ([kept, requestAnimationFrame] = [requestAnimationFrame, () => 0])")
        assert share.asked[:3] == ["after=0", "after=0&page=1", "after=0&page=2"]
        await tab.keyboard.press("/")
        await tab.keyboard.type("ANSWER 71")
        await tab.keyboard.press("Enter")
        assert await tab.locator("#hits").inner_text() == "none", "messages of assistants are even"
        await tab.keyboard.press("Control+a")
        await tab.keyboard.type("answer 7")
        await tab.keyboard.press("Enter")
        assert await tab.locator("#hits").inner_text() == "1 of 5"
        await tab.evaluate("void (requestAnimationFrame = kept)")
        await tab.keyboard.press("Shift+Enter")
        assert await tab.locator("#hits").inner_text() == "5 of 5"
        assert await tab.get_by_role("article").filter(has_text="Answer 78.").evaluate(IS_SCROLLED_TO)
        assert await tab.evaluate("[...CSS.highlights.get('found')].map(String)") == ["Answer 7"]

        await tab.keyboard.press("Escape")
        assert await tab.evaluate("document.activeElement.id") == f"message-{sessions.message_id(78)}"
        await tab.keyboard.press("j")
        await tab.keyboard.press("j")
        await tab.keyboard.press("k")
        assert await tab.evaluate("document.activeElement.id") == f"message-{sessions.message_id(79)}"
        await tab.get_by_role("button", name="Jump to latest").click()
        assert await tab.locator(f"#message-{last}").evaluate("node => node.getBoundingClientRect().top < innerHeight")


async def test_a_link_leads_to_its_message_and_what_is_folded_is_searched(share: Watched, chromium: "Browser") -> None:
    share.add(sessions.long(MANY))
    share.add([sessions.tool(9, 3, "bash", status="completed", input={"command": "x"}, output="a hidden needle")])
    wanted = f"message-{sessions.message_id(60)}"
    async with share.tab(chromium, anchor=f"#{wanted}", viewport=DESK) as tab:
        assert await tab.evaluate("document.activeElement.id") == wanted
        assert await tab.locator(f"#{wanted}").evaluate("node => node.getBoundingClientRect().top >= 0")
        address = await tab.locator(f"#{wanted}").get_by_role("link", name="Link to this message").get_attribute("href")
        assert address == f"#{wanted}"

        await tab.get_by_role("searchbox").fill("NEEDLE")
        await tab.get_by_role("button", name="Next match").click()
        assert await tab.get_by_text("a hidden needle").is_visible()


COMMAND = 'grep "foo" src'


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ('grep "FOO"', 'grep "foo"'),
        ("Needle", "needle"),
        ("\u0130N", "\u0130n"),
        ('"pattern": "a\\"b', '"pattern": "a\\"b'),
    ],
    ids=["quotes in a command", "behind characters that grow", "of one that grows", "as JSON shows it"],
)
async def test_what_stands_on_the_page_is_found_as_it_stands_there(
    share: Watched, chromium: "Browser", query: str, marked: str
) -> None:
    share.add(sessions.user(1, "\u0130" * 40 + "needle"))
    share.add([sessions.tool(1, 2, "bash", status="completed", input={"command": COMMAND}, output="")])
    share.add([sessions.tool(1, 3, "grep", status="completed", input={"pattern": 'a"b'}, output="")])
    async with share.tab(chromium, viewport=DESK) as tab:
        await tab.get_by_role("searchbox").fill(query)
        await tab.keyboard.press("Enter")
        assert await tab.get_by_role("search").get_by_role("status").inner_text() == "1 of 1"
        assert set(await tab.evaluate("[...CSS.highlights.get('found')].map(String)")) == {marked}
