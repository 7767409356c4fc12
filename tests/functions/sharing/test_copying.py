"""The button at a block of code of a shared session, whether the browser has a clipboard to offer or not."""

from typing import TYPE_CHECKING

import pytest

from tests.functions.sharing import sessions
from tests.functions.sharing.watched import Watched, running
from tests.functions.test_page_in_browser import DESK

if TYPE_CHECKING:
    from playwright.async_api import Browser

CODE = "def tick(clock):\n    clock.advance(2)"
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.mark.parametrize("has_clipboard", [True, False])
async def test_a_button_copies_the_code_to_the_letter_and_says_so_once(
    chromium: "Browser", *, has_clipboard: bool
) -> None:
    async with running(Watched()) as share:
        share.add(sessions.user(1, f"```python\n{CODE}\n```"))
        async with share.tab(chromium, permissions=CLIPBOARD, viewport=DESK) as tab:
            if not has_clipboard:
                await tab.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('none')); }")
            button = tab.get_by_role("button", name="Copy the code")
            await button.click()

            await tab.get_by_role("status").get_by_text("Copied", exact=True).wait_for(state="attached")
            assert await tab.evaluate("navigator.clipboard.readText()") == CODE
            assert await button.inner_text() == "Copied"
