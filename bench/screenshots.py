"""`make screenshots`: the download page and a shared session of what `make up` runs here, as pictures for docs/.

Nothing is published by it: what the download page shows is what `make publish ENV=local` has put there. The session is
that of shared_session.json, and is shared no longer than the pictures take.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from bench.processes import BenchFailed
from bench.sharing import connector
from opencode_local.run.run_file import Run

if TYPE_CHECKING:
    from playwright.async_api import Page

FOLDER = Path(__file__).parents[1] / "docs" / "images"
CHROMIUM = next(filter(Path.exists, [Path("/usr/bin/chromium")]), None)
"""None: Playwright's own, if that is installed."""
WINDOWS = {1280: 1240, 390: 1560}
"""Heights by width, in CSS pixels."""
SESSION = Path(__file__).parent / "shared_session.json"
"""What OpenCode would send: a list of {"type", "data"}."""
SCHEMES = {"light": "", "dark": "-dark"}
"""What follows the width in a file's name."""
MAX_BYTES = 300_000
PATIENCE_MS = 30_000


async def main() -> None:
    """Raises NotRunning, and BenchFailed where the run has no page to see."""
    from playwright.async_api import async_playwright  # noqa: PLC0415  its absence is told by this command alone

    run = Run.read()
    downloads_url, sharing_url = run.outputs.get("downloads_url"), run.outputs.get("sharing_url")
    if not (downloads_url or sharing_url):
        raise BenchFailed(
            "this environment has neither opencode:downloads nor opencode:sharing: there is no page to see"
        )
    taken = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        tab = await browser.new_page(ignore_https_errors=True)
        tab.set_default_timeout(PATIENCE_MS)
        if downloads_url:
            await sign_in(tab, downloads_url)
            taken += await shoot(tab, FOLDER, "downloads")
        if sharing_url and run.api_key:
            async with shared_session(sharing_url, run.api_key) as url:
                await tab.goto(url)
                await tab.get_by_text("Live", exact=True).wait_for()
                taken += await shoot(tab, FOLDER, "share")
        await browser.close()
    for file in taken:
        print(f"{file} ({file.stat().st_size / 1000:.0f} kB)")


@asynccontextmanager
async def shared_session(sharing_url: str, api_key: str) -> AsyncIterator[str]:
    """The address of a share that everyone with the link may see. Raises BenchFailed where the service refuses."""
    asked = {"sessionID": "ses_pictures", "visibility": "link", "expires_in_hours": 1}
    headers = {"Authorization": f"Bearer {api_key}"}
    async with aiohttp.ClientSession(connector=connector()) as client:
        share = await posted(client, f"{sharing_url}/api/share", asked, headers)
        own, secret = f"{sharing_url}/api/share/{share['id']}", {"secret": share["secret"]}
        await posted(client, f"{own}/sync", {**secret, "data": json.loads(SESSION.read_text())}, {})
        yield share["url"]
        await client.delete(own, json=secret)


async def posted(
    client: aiohttp.ClientSession, url: str, body: dict[str, Any], headers: dict[str, str]
) -> dict[str, Any]:
    async with client.post(url, json=body, headers=headers) as response:
        if not response.ok:
            raise BenchFailed(f"{url} answered {response.status}: {await response.text()}")
        answered: dict[str, Any] = await response.json()
        return answered


async def sign_in(tab: "Page", url: str) -> None:
    """As the first person whom the local identity provider offers."""
    await tab.goto(url)
    if urlsplit(tab.url).netloc != urlsplit(url).netloc:
        await tab.locator("button[name=sub]").first.click()
        await tab.wait_for_url(f"{url}/**")


async def shoot(tab: "Page", folder: Path, name: str) -> list[Path]:
    """Pictures of the upper part of the page that the tab shows, in both schemes. Raises BenchFailed over 300 kB."""
    taken = []
    for width, height in WINDOWS.items():
        await tab.set_viewport_size({"width": width, "height": height})
        for scheme, suffix in SCHEMES.items():
            await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            file = folder / f"{name}-{width}{suffix}.png"
            await tab.screenshot(path=file)
            if file.stat().st_size > MAX_BYTES:
                raise BenchFailed(f"{file} has {file.stat().st_size} bytes, more than {MAX_BYTES}")
            taken.append(file)
    return taken


if __name__ == "__main__":
    asyncio.run(main())
