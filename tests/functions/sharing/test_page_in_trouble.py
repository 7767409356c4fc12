"""What the viewer's page says while it has nothing to show, and that no content makes it stand still."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.browser import PATIENCE_MS
from tests.functions.sharing import sessions
from tests.functions.sharing.watched import SHARE_ID, Watched
from tests.functions.test_page_in_browser import PHONE

if TYPE_CHECKING:
    from playwright.async_api import Browser

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
UNREADABLE: Any = None
"""What the service never sends for an item."""
NOT_LOADED = "The session could not be loaded"
AGAIN = "This page tries again by itself."
COUNTING = """
  window.__reads = 0;
  const { exec } = RegExp.prototype;
  RegExp.prototype.exec = function (text) {
    window.__reads += 1;
    return exec.call(this, text);
  };
"""
"""How often a text is looked through."""
MAX_READS = 1_000_000
LONG = 50_000
ORDINARY = 120
HEAVY = {
    "marks without an end": "a*_",
    "marks with two ends": "_a_",
    "quotes in quotes": "> ",
    "lists in lists": "1. ",
}
COLUMNS, ROWS = 500, 30_000


async def test_a_page_that_cannot_load_says_why_and_that_it_tries_again_until_it_can(
    share: Watched, chromium: "Browser"
) -> None:
    share.add(sessions.user(1, "one"))
    share.refusal = (503, "In the service's words.")
    async with share.tab(chromium, viewport=PHONE) as tab:
        assert await tab.get_by_role("heading", name=NOT_LOADED, level=1).is_visible()
        assert await tab.locator("#summary").inner_text() == f"503\n\n{NOT_LOADED}\n\nIn the service's words. {AGAIN}"

        await tab.context.set_offline(True)
        await tab.evaluate("dispatchEvent(new Event('online'))")
        await tab.get_by_text("No answer").wait_for()
        assert AGAIN in await tab.locator("#summary").inner_text()
        assert await tab.get_by_text("Not live").is_hidden()

        share.refusal = None
        await tab.context.set_offline(False)
        await tab.get_by_text("one", exact=True).wait_for()
        assert await tab.get_by_role("heading", name=NOT_LOADED).count() == 0
        assert await tab.locator(".refusal").count() == 0
        assert [fault for fault in share.faults if "/state?" not in fault and "Failed to load" not in fault] == []
        share.faults.clear()


async def test_a_page_that_asks_what_is_not_understood_says_so_and_does_not_ask_again(
    share: Watched, chromium: "Browser"
) -> None:
    share.refusal = (400, "In the service's words.")
    async with share.tab(chromium, clock=NOW, viewport=PHONE) as tab:
        await tab.clock.fast_forward("10:00")
        assert await tab.locator("#summary").inner_text() == f"400\n\n{NOT_LOADED}\n\nIn the service's words."
        assert len(share.asked) == 1


async def test_a_page_that_fails_by_itself_says_so(share: Watched, chromium: "Browser") -> None:
    share.batches.append([UNREADABLE])
    async with share.tab(chromium, viewport=PHONE) as tab:
        assert await tab.get_by_role("heading", name=NOT_LOADED, level=1).is_visible()
        assert "This page has failed." in await tab.locator("#summary").inner_text()
        assert [fault.partition(":")[0] for fault in share.faults] == ["TypeError"]
        share.faults.clear()


async def test_texts_that_take_for_ever_to_format_are_shown_as_they_are_and_long_ones_are_formatted(
    share: Watched, chromium: "Browser"
) -> None:
    heavy = [unit * (LONG // len(unit)) for unit in HEAVY.values()]
    heavy.append("*a " * (LONG // 6) + "b* " * (LONG // 6))
    heavy.append("|" + "a|" * COLUMNS + "\n|" + "-|" * COLUMNS + "\n" + "|\n" * ROWS)
    long = f"{sessions.ANSWER}\n" * ORDINARY
    assert LONG > len(long) > 30_000
    share.add([*sessions.user(1, long), *sessions.user(2, f"{heavy[0][: LONG // 2]}\n\n**still** formatted")])
    share.add([entry for number, text in enumerate(heavy) for entry in sessions.user(3 + number, text)])
    context = await chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    await context.add_init_script(COUNTING)
    tab = await context.new_page()
    await tab.goto(f"{share.url}/share/{SHARE_ID}")
    await tab.get_by_text("Live", exact=True).wait_for()
    await tab.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert await tab.evaluate("__reads") < MAX_READS
    [first, second, *others] = [tab.locator(".message-of").nth(number) for number in range(2 + len(heavy))]
    for selector in ("strong", "figure.code", "table", "a[target]"):
        assert await first.locator(selector).count() == ORDINARY
    assert await second.locator("strong").inner_text() == "still"
    for message, text in zip(others, heavy, strict=True):
        assert await message.locator(".text").evaluate("node => node.textContent.length") >= len(text.rstrip()) - 1
    await context.close()
