"""The page in a browser: as the function answers, with its real headers, for someone whom the balancer signed in."""

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.functions.browsed import NAMES, Site, running_site
from tests.functions.conftest import KEY, Downloads
from tests.functions.publisher import LINUX_NAME

if TYPE_CHECKING:
    from playwright.async_api import Browser

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15"
HOSTILE = "<img src=x onerror=alert(1)>{{ 7 * 7 }}'\"`"
LINE = re.compile(r"curl -fsSL https://downloads\.example\.com/i/[a-z2-7]{32} \| sh")

FAINT_TEXTS = """() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((value, at) => value * a + under[at] * (1 - a));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const own = numbers(getComputedStyle(element).backgroundColor);
    return own[3] === 0 ? behind(element.parentElement) : over(own, behind(element.parentElement));
  };
  const luminance = (color) => {
    const linear = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = color.map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
  return [...document.body.querySelectorAll("*")]
    .filter((element) => [...element.childNodes].some(isText) && element.checkVisibility())
    .map((element) => {
      const style = getComputedStyle(element);
      const ground = behind(element);
      return [contrast(over(numbers(style.color), ground), ground), element.textContent.trim().slice(0, 40)];
    })
    .filter(([ratio]) => ratio < 4.5);
}"""
"""The texts whose contrast is under 4.5, as level AA asks. Source: w3.org/TR/WCAG22, 1.4.3 (read 2026-11-21)."""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest_asyncio.fixture
async def site(downloads: Downloads) -> AsyncIterator[Site]:
    async with running_site(downloads) as running:
        yield running


@pytest.mark.parametrize(("scheme", "window"), [("light", DESK), ("dark", PHONE)])
async def test_every_text_can_be_read_and_nothing_is_wider_than_the_window(
    site: Site, chromium: "Browser", scheme: str, window: dict[str, int]
) -> None:
    site.publish(critical=True, message="Update today")
    async with site.tab(chromium, color_scheme=scheme, viewport=window) as tab:
        await tab.get_by_text("4 more models").click()
        assert await tab.evaluate(FAINT_TEXTS) == []
        assert await tab.evaluate(TOO_WIDE) == 0
        ground = await tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (int(re.findall(r"\d+", ground)[0]) < 128) == (scheme == "dark")
        assert await tab.evaluate("localStorage.length + sessionStorage.length") == 0


async def test_the_keyboard_reaches_everything_and_the_arrows_walk_the_tabs(site: Site, chromium: "Browser") -> None:
    async with site.tab(chromium, viewport=DESK, user_agent=MAC) as tab:
        await tab.keyboard.press("Tab")
        assert await tab.evaluate("document.activeElement.textContent") == "Skip to the content"
        await tab.keyboard.press("Enter")
        await tab.keyboard.press("Tab")

        walked = []
        for key in ("ArrowRight", "ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home"):
            walked.append(await tab.evaluate("document.activeElement.textContent"))
            await tab.keyboard.press(key)
            assert await tab.evaluate("document.activeElement.matches('[aria-selected=true]:focus-visible')")
        assert walked == ["macOS", "Linux", "Windows", "pipx", "macOS", "pipx"], "a Mac begins with its own tab"

        platforms = tab.get_by_role("tablist", name="Platform").locator("..")
        assert await platforms.get_by_role("tabpanel").count() == 1, "the others are hidden from everyone"
        assert LINE.fullmatch(await platforms.get_by_role("tabpanel", name="macOS").locator("code").inner_text())
        await tab.keyboard.press("Tab")
        assert await tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Copy the line for macOS"


@pytest.mark.parametrize("has_clipboard", [True, False])
async def test_a_button_copies_the_commands_and_says_so_once(
    site: Site, chromium: "Browser", *, has_clipboard: bool
) -> None:
    async with site.tab(chromium, permissions=["clipboard-read", "clipboard-write"], viewport=DESK) as tab:
        if not has_clipboard:
            await tab.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('none')); }")
        await tab.get_by_role("tab", name="Claude Code").click()
        button = tab.get_by_role("button", name="Copy the commands for Claude Code")
        await button.click()

        await tab.get_by_role("status").get_by_text("Copied", exact=True).wait_for(state="attached")
        assert await tab.evaluate("navigator.clipboard.readText()") == "opencode-auth use claude-code\nclaude"
        assert await button.inner_text() == "Copied"


async def test_without_scripts_everything_is_listed_and_no_button_is_dead(site: Site, chromium: "Browser") -> None:
    async with site.tab(chromium, java_script_enabled=False, viewport=PHONE) as tab:
        assert await tab.get_by_role("button").count() == 0
        for title in ("macOS", "Linux", "Windows", "uv", "pipx", "OpenCode", "Claude Code", "Codex", "SDKs", "CI"):
            assert await tab.get_by_role("heading", name=title, exact=True, level=3).is_visible()
        shown = [text for text in await tab.locator(".line code").all_inner_texts() if LINE.fullmatch(text)]
        assert len(shown) == 2, "macOS and Linux"


async def test_printed_the_page_has_all_its_sections(site: Site, chromium: "Browser") -> None:
    async with site.tab(chromium, viewport=DESK) as tab:
        await tab.emulate_media(media="print")

        assert await tab.locator(".tabs > section:visible").count() == 10
        assert await tab.locator("button:visible").count() == 0


async def test_it_has_landmarks_one_title_and_headings_in_order(site: Site, chromium: "Browser") -> None:
    async with site.tab(chromium, viewport=DESK) as tab:
        for landmark in ("banner", "navigation", "main", "contentinfo"):
            assert await tab.get_by_role(landmark).count() == 1
        levels = [int(tag[1]) for tag in await tab.eval_on_selector_all("h1,h2,h3", "all => all.map(h => h.tagName)")]
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False))
        snapshot = await tab.locator("body").aria_snapshot()
        assert re.findall(r"^\s*- (?:link|button|tab|tabpanel|table|textbox)\s*:?$", snapshot, re.MULTILINE) == []
        assert f'rowheader "Claude Sonnet 5.5 default {NAMES[0]}' in snapshot
        assert '- cell "$0.10"' in snapshot
        assert f'- link "{LINUX_NAME}"' in snapshot


async def test_a_hostile_name_and_message_are_shown_as_they_are(site: Site, chromium: "Browser") -> None:
    site.claims["name"] = HOSTILE
    site.publish(
        message=HOSTILE, history=[{"version": "1.2.0", "published": "2026-11-21T12:00:00Z", "message": HOSTILE}]
    )
    async with site.tab(chromium, viewport=DESK) as tab:
        assert await tab.locator(".greeting").inner_text() == f"Hello, {HOSTILE}"
        assert HOSTILE in await tab.get_by_role("complementary").inner_text()
        assert await tab.locator("img").count() == 0


async def test_before_the_first_release_the_page_says_so(site: Site, chromium: "Browser") -> None:
    site.downloads.world.remove(KEY)
    async with site.tab(chromium, viewport=PHONE) as tab:
        assert await tab.get_by_role("heading", name="No release has been published yet").is_visible()
        assert await tab.get_by_role("tab").count() == 0
        assert await tab.evaluate(TOO_WIDE) == 0
