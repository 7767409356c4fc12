"""A person's browser, a client's side of OpenID Connect and a clock, as far as the issuer's tests need them."""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from opencode_local.issuer import CLI_CLIENT_ID, Issuer

VERIFIER = "a-verifier-of-exactly-the-least-length-43-ch"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "http://127.0.0.1:49152/callback"
FIRST_REQUEST: Mapping[str, str] = {
    "response_type": "code",
    "client_id": CLI_CLIENT_ID,
    "redirect_uri": CALLBACK,
    "scope": "openid profile email",
    "state": "state-1",
    "nonce": "nonce-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Clock:
    """Seconds since the epoch; stands still until told to move."""

    def __init__(self, now_s: float = 1_800_000_000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class Form(HTMLParser):
    """The one form of a page: where it goes, what it carries and what its buttons send as `sub`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.without_action = html
        """The page's own text, without what the request brought."""
        self.hidden: dict[str, str] = {}
        self.choices: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        match tag, attributes:
            case "form", {"action": action}:
                self.action = action
                self.without_action = self.without_action.replace(self.get_starttag_text() or "", "")
            case "input", {"type": "hidden", "name": name, "value": value}:
                self.hidden[name] = value
            case "button", {"name": "sub", "value": sub}:
                self.choices.append(sub)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`to` is where a redirect leads, without its query; `said` is that query, or the JSON body."""

    status: int
    text: str
    headers: Mapping[str, str]
    to: str = ""
    said: dict[str, Any] = field(default_factory=dict)


class Browser:
    """Follows no redirect, keeps cookies."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str, **options: Any) -> Answer:
        return await self._ask("GET", path, options)

    async def post(self, path: str, form: Mapping[str, str], **options: Any) -> Answer:
        return await self._ask("POST", path, {"data": form, **options})

    async def picked(self, sub: str, **changes: str | None) -> Answer:
        """The redirect to the client after the page was opened and a user picked; "" refuses."""
        page = await self.get("/authorize", params=asked(**changes))
        form = Form(page.text)
        return await self.post(form.action, {**form.hidden, "sub": sub})

    async def signed_in(self, sub: str = "ada", **changes: str | None) -> dict[str, Any]:
        """The token response of the whole flow."""
        code = (await self.picked(sub, **changes)).said["code"]
        answer = await self.redeemed(code)
        assert answer.status == 200, answer.text
        return answer.said

    async def redeemed(self, code: str, **changes: str) -> Answer:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return await self.post("/token", {"client_id": CLI_CLIENT_ID, **form, **changes})

    async def refreshed(self, refresh_token: str, **changes: str) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": CLI_CLIENT_ID}
        return await self.post("/token", {**form, **changes})

    async def _ask(self, method: str, path: str, options: Mapping[str, Any]) -> Answer:
        async with self._session.request(method, path, allow_redirects=False, **options) as response:
            text = await response.text()
            there = urlsplit(response.headers.get("Location", ""))
            said = {name: values[0] for name, values in parse_qs(there.query).items()}
            if response.content_type == "application/json":
                said = await response.json()
            return Answer(
                status=response.status,
                text=text,
                headers=response.headers,
                to=there._replace(query="").geturl(),
                said=said,
            )


def asked(**changes: str | None) -> dict[str, str]:
    """An authorization request; a change to None leaves the parameter out."""
    return {name: value for name, value in {**FIRST_REQUEST, **changes}.items() if value is not None}


@asynccontextmanager
async def opened(issuer: Issuer) -> AsyncIterator[Browser]:
    """A browser that has never been here."""
    async with aiohttp.ClientSession(issuer.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(session)
