"""A load balancer whose rules ask people to sign in: at the issuer, and at a provider that a test scripts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from yarl import URL

from opencode_local.balancer.tempo import Tempo
from opencode_local.issuer import Client, Issuer
from tests.local.balancer.running import GUIDE, Balanced, Declared, Rule, Ticks, balanced, echoed, forward, served
from tests.local.balancer.scripted_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    PROVIDER,
    ScriptedProvider,
    scripted_provider,
)
from tests.local.balancer.visitor import Page, Visitor
from tests.local.browser import Clock

AUTHENTICATE = f"{GUIDE}: Authenticate users using an Application Load Balancer"
TROUBLE = f"{GUIDE}: Troubleshoot your Application Load Balancers"
NONCE = "AWSALBAuthNonce"
LOGIN = "https://login.example.com"
WEB = "web"
SECRET = "of the web client"
COOKIE = "AWSELBAuthSessionCookie"


def signed_in(path: str, **settings: Any) -> Rule:
    """Where people sign in at the issuer."""
    usual = {
        "issuer": LOGIN,
        "authorization_endpoint": f"{LOGIN}/authorize",
        "token_endpoint": f"{LOGIN}/token",
        "user_info_endpoint": f"{LOGIN}/userinfo",
        "client_id": WEB,
        "client_secret": SECRET,
        "scope": "openid profile email",
    }
    action = {"type": "authenticate-oidc", "order": 1, "authenticate_oidc": {**usual, **settings}}
    return Rule([{"path_pattern": {"values": [path]}}], [action, {**forward("web"), "order": 2}])


def scripted(path: str, **settings: Any) -> Rule:
    endpoints = {name: f"{PROVIDER}/{name}" for name in ("authorization", "token", "user_info")}
    named = {f"{name}_endpoint": url for name, url in endpoints.items()}
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return signed_in(path, issuer=PROVIDER, **named, **client, **settings)


DECLARED = Declared(
    rules=[
        signed_in("/app*"),
        signed_in("//*"),
        signed_in("/allow", on_unauthenticated_request="allow"),
        signed_in("/deny", on_unauthenticated_request="deny"),
        signed_in(
            "/short",
            session_timeout=60,
            session_cookie_name="short",
            authentication_request_extra_params={"prompt": "login", "display": "page", "state": "mine"},
        ),
        scripted("/scripted"),
        scripted("/scripted-deny", on_unauthenticated_request="deny"),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """It runs."""

    balanced: Balanced
    issuer: Issuer
    provider: ScriptedProvider
    clock: Clock

    def url(self, path: str) -> str:
        return self.balanced.url + path


@asynccontextmanager
async def site(clock: Clock) -> AsyncIterator[Site]:
    """A second of a provider's time is a fiftieth of one."""
    tempo = Tempo(pulse=Ticks(), epoch=clock, second_s=0.02)
    async with (
        balanced(DECLARED, tempo=tempo) as running,
        served(application) as (_, target),
        scripted_provider(clock) as provider,
    ):
        await running.add("web", target)
        client = Client(
            client_id=WEB,
            secret=SECRET,
            redirect_uris=("https://ai.example.com/oauth2/idpresponse",),
            place=running.addresses.local,
        )
        issuer = Issuer(clients=[client], clock=clock, token_life_s=600)
        running.addresses.stand("https://ai.example.com", running.url)
        running.addresses.stand(LOGIN, issuer.start())
        running.addresses.stand(PROVIDER, provider.origin)
        try:
            yield Site(balanced=running, issuer=issuer, provider=provider, clock=clock)
        finally:
            issuer.stop()


async def application(request: web.Request) -> web.StreamResponse:
    """Tells what it was told, and signs people out at `/app/leave` as AWS advises."""
    answer = await echoed(request)
    if request.path == "/app/leave":
        for name in request.cookies:
            answer.del_cookie(name)
    return answer


def told(page: Page) -> dict[str, str]:
    """The headers that the target was told, by lower-case name."""
    assert page.status == 200, page.text
    return {name.lower(): value for name, value in json.loads(page.text)["headers"]}


async def way_back(here: Site, browser: Visitor, **query: str) -> str:
    """Where the scripted provider sends a browser; a change to "" leaves a parameter out."""
    sent_away = await browser.get(here.url("/scripted"))
    asked = {name: value for name, value in {"code": "c", "state": sent_away.asked["state"], **query}.items() if value}
    return str(URL(here.url("/oauth2/idpresponse")).with_query(asked))


async def came_back(here: Site, browser: Visitor, **query: str) -> Page:
    """The load balancer's answer to the browser on its way back."""
    return await browser.get(await way_back(here, browser, **query))
