"""The viewer's page for people who do not see it, or have no mouse."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.functions.sharing import sessions
from tests.functions.sharing.watched import Watched, open_all
from tests.functions.test_page_in_browser import DESK

if TYPE_CHECKING:
    from playwright.async_api import Browser


async def test_it_has_landmarks_and_headings_in_order_and_the_keyboard_reaches_everything(
    share: Watched, chromium: "Browser"
) -> None:
    share.add(sessions.whole())
    async with share.tab(chromium, viewport=DESK) as tab:
        await open_all(tab)
        for landmark in ("banner", "main", "search", "contentinfo"):
            assert await tab.get_by_role(landmark).count() == 1
        snapshot = await tab.locator("body").aria_snapshot()
        assert re.findall(r"^\s*- (?:link|button|searchbox|region)\s*:?$", snapshot, re.MULTILINE) == []
        levels = [int(tag[1]) for tag in await tab.eval_on_selector_all("h1,h2,h3", "all => all.map(h => h.tagName)")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        unreachable = "node => node.scrollWidth > node.clientWidth && getComputedStyle(node).overflowX === 'auto'"
        assert (
            await tab.evaluate(f"[...document.querySelectorAll('*:not([tabindex])')].filter({unreachable}).length") == 0
        )
        await tab.evaluate("document.activeElement.blur()")
        await tab.keyboard.press("Tab")
        assert await tab.evaluate("document.activeElement.textContent") == "Skip to the session"


OUTLINE = """
- link "Skip to the session"
- banner:
  - paragraph: Shared session
  - paragraph: Live
  - search:
    - searchbox "Search this session"
    - status
    - button "Previous match"
    - button "Next match"
- main:
  - region "About this session":
    - heading "Mend the flaky test" [level=1]
  - region "Messages":
    - article "User, Nov 21, 2026, 12:01 PM":
      - heading "User" [level=2]
      - link "Link to this message"
      - figure "failure.png":
        - img "failure.png"
      - paragraph:
        - button "Download log.txt"
    - article "Assistant, Nov 21, 2026, 12:02 PM":
      - heading "Assistant" [level=2]
      - figure:
        - button "Copy the code"
        - group "Code, python"
      - group "Table":
        - table
    - article "User, Nov 21, 2026, 12:03 PM"
- button "Jump to latest"
- contentinfo
- status
"""
"""Roles and names, as a screen reader has them."""


async def test_every_landmark_message_and_control_has_a_role_and_says_what_it_is(
    share: Watched, chromium: "Browser"
) -> None:
    from playwright.async_api import expect  # noqa: PLC0415 - takes a second that few sessions need

    share.add(sessions.whole())
    async with share.tab(chromium, viewport=DESK) as tab:
        await tab.get_by_text("Live", exact=True).wait_for()
        await expect(tab.locator("body")).to_match_aria_snapshot(OUTLINE)
