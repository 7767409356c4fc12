"""A person's browser: the Chromium that is installed, headless, one per worker, and with no way off this machine."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

EXECUTABLE = Path("/usr/bin/chromium")
IS_INSTALLED = EXECUTABLE.exists()
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
)
PATIENCE_MS = 10_000


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator["Browser"]:
    """Skips where it is not installed."""
    if not IS_INSTALLED:
        pytest.skip(f"{EXECUTABLE} is not installed")
    from playwright.async_api import async_playwright  # noqa: PLC0415 - takes a second that few sessions need

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def page(chromium: "Browser") -> AsyncIterator["Page"]:
    """A tab of a browser that has never been anywhere. The test fails if a script of a page did."""
    context = await chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    tab = await context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    yield tab
    await context.close()
    assert not faults
