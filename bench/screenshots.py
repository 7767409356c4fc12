"""`make screenshots`: the download page of what `make up` runs in this folder, as pictures for docs/downloads.md.

Nothing is published by it: what the page shows is what `make publish ENV=local` has put there.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.processes import BenchFailed
from opencode_local.run.run_file import Run

if TYPE_CHECKING:
    from playwright.async_api import Page

FOLDER = Path(__file__).parents[1] / "docs" / "images"
CHROMIUM = next(filter(Path.exists, [Path("/usr/bin/chromium")]), None)
"""None: Playwright's own, if that is installed."""
WINDOWS = {1280: 1240, 390: 1560}
"""Heights by width, in CSS pixels."""
SCHEMES = {"light": "", "dark": "-dark"}
"""What follows the width in a file's name."""
MAX_BYTES = 300_000
PATIENCE_MS = 30_000


async def main() -> None:
    """Raises NotRunning, and BenchFailed where the run has no download page."""
    from playwright.async_api import async_playwright  # noqa: PLC0415  its absence is told by this command alone

    url = Run.read().outputs.get("downloads_url")
    if not url:
        raise BenchFailed("this environment has no opencode:downloads, so there is no page to see")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        tab = await browser.new_page(ignore_https_errors=True)
        tab.set_default_timeout(PATIENCE_MS)
        await sign_in(tab, url)
        for file in await shoot(tab, FOLDER):
            print(f"{file} ({file.stat().st_size / 1000:.0f} kB)")
        await browser.close()


async def sign_in(tab: "Page", url: str) -> None:
    """As the first person whom the local identity provider offers."""
    await tab.goto(url)
    if urlsplit(tab.url).netloc != urlsplit(url).netloc:
        await tab.locator("button[name=sub]").first.click()
        await tab.wait_for_url(f"{url}/**")


async def shoot(tab: "Page", folder: Path) -> list[Path]:
    """Pictures of the upper part of the page that the tab shows, in both schemes. Raises BenchFailed over 300 kB."""
    taken = []
    for width, height in WINDOWS.items():
        await tab.set_viewport_size({"width": width, "height": height})
        for scheme, suffix in SCHEMES.items():
            await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            file = folder / f"downloads-{width}{suffix}.png"
            await tab.screenshot(path=file)
            if file.stat().st_size > MAX_BYTES:
                raise BenchFailed(f"{file} has {file.stat().st_size} bytes, more than {MAX_BYTES}")
            taken.append(file)
    return taken


if __name__ == "__main__":
    asyncio.run(main())
