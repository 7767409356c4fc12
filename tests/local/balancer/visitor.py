"""A person's browser that visits a load balancer and signs in where it is sent."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from tests.local.browser import Form


@dataclass(frozen=True, kw_only=True)
class Page:
    """What came back; `to` is where it leads."""

    url: str
    status: int
    text: str
    headers: CIMultiDictProxy[str]

    @property
    def to(self) -> str:
        return urljoin(self.url, self.headers.get("Location", ""))

    @property
    def asked(self) -> dict[str, str]:
        """The query of the address that it leads to."""
        return dict(parse_qsl(urlsplit(self.to).query))

    @property
    def set_cookies(self) -> list[str]:
        return self.headers.getall("Set-Cookie", [])


class Visitor:
    """Keeps cookies, and follows a redirect only when told to."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def get(self, url: str, **options: Any) -> Page:
        return await self._ask("GET", url, options)

    async def pick(self, page: Page, sub: str) -> Page:
        """The answer to the sign-in page's form; "" refuses."""
        form = Form(page.text)
        return await self._ask("POST", urljoin(page.url, form.action), {"data": {**form.hidden, "sub": sub}})

    async def returning(self, url: str, sub: str = "ada") -> Page:
        """The redirect with which the provider sends the browser back, after a visit to `url` and a choice."""
        sent_away = await self.get(url)
        return await self.pick(await self.get(sent_away.to), sub)

    async def signed_in(self, url: str, sub: str = "ada") -> Page:
        """The load balancer's answer to the browser that comes back."""
        return await self.get((await self.returning(url, sub)).to)

    def cookies(self, url: str) -> Mapping[str, str]:
        return {name: morsel.value for name, morsel in self.session.cookie_jar.filter_cookies(URL(url)).items()}

    async def _ask(self, method: str, url: str, options: Mapping[str, Any]) -> Page:
        async with self.session.request(method, URL(url, encoded=True), allow_redirects=False, **options) as answer:
            return Page(url=url, status=answer.status, text=await answer.text(), headers=answer.headers)


@asynccontextmanager
async def visitor() -> AsyncIterator[Visitor]:
    """One that has never been here."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visitor(session)
