"""`authenticate-cognito`: a browser signs in at a declared user pool, by hand and as Chromium does."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
import pytest_asyncio
from aiohttp import web

from opencode_components.testing import Graph, deploy
from opencode_local.aws import EmbeddedAws
from opencode_local.issuer.user_pools import UserPool
from opencode_local.provider.aws import Account
from tests.local.balancer.running import Balanced, Declared, Rule, balanced, fixed, forward, served
from tests.local.balancer.visitor import visitor
from tests.local.user_pool.site import HOST, PREFIX, WEB, CognitoOnly, account_ids, declare_pool

if TYPE_CHECKING:
    from playwright.async_api import Page

COOKIE = "AWSELBAuthSessionCookie"
PAGE = """<!doctype html><html lang="en"><title>App</title><h1>Hello {name}</h1><a href="/app/leave">Sign out</a>"""


@dataclass(kw_only=True)
class WithPool(Declared):
    """`/app*` is for people of the pool, `/goodbye` for everybody."""

    account: Account
    deployed: list[Graph] = field(default_factory=list)

    def graph(self) -> Graph:
        self.deployed.append(deploy(self._body, engine=CognitoOnly(self.account)))
        return self.deployed[0]

    def _body(self) -> None:
        pool, client = declare_pool()
        named = {"user_pool_arn": pool.arn, "user_pool_client_id": client.id, "user_pool_domain": PREFIX}
        settings = {**named, "scope": "openid email profile"}
        sign_in = {"type": "authenticate-cognito", "order": 1, "authenticate_cognito": settings}
        self.rules = [
            Rule([{"path_pattern": {"values": ["/app*"]}}], [sign_in, {**forward("web"), "order": 2}]),
            Rule([{"path_pattern": {"values": ["/goodbye"]}}], [fixed("200", "Goodbye")]),
        ]
        super()._body()


@dataclass(frozen=True, kw_only=True)
class Site:
    balanced: Balanced
    pool: UserPool
    client_id: str

    @property
    def app(self) -> str:
        return f"{self.balanced.url}/app"

    async def greeted(self, request: web.Request) -> web.StreamResponse:
        """The application: greets who is signed in, and signs them out as AWS advises."""
        if request.path == "/app/headers":
            return web.json_response(dict(request.headers))
        if request.path != "/app/leave":
            claims = jwt.decode(request.headers["x-amzn-oidc-data"], options={"verify_signature": False})
            return web.Response(text=PAGE.format(name=claims["name"]), content_type="text/html")
        query = urlencode({"client_id": self.client_id, "logout_uri": f"{self.balanced.url}/goodbye"})
        leaving = web.Response(
            status=302, headers={"Location": self.balanced.addresses.local(f"{HOST}/logout?{query}")}
        )
        for name in request.cookies:
            if name.startswith(COOKIE):
                leaving.set_cookie(name, "", max_age=-1)
        return leaving


@pytest_asyncio.fixture(scope="module")
async def site(aws: EmbeddedAws) -> AsyncIterator[Site]:
    declared = WithPool(account=Account(aws.url, str(next(account_ids))))
    async with balanced(declared) as running:
        (graph,) = declared.deployed
        resource = graph.one("aws:cognito/userPool:UserPool")
        pool = UserPool(graph, resource, account=declared.account, addresses=running.addresses)
        pool.start()
        for public, local in {**pool.public_origins(), WEB: running.url}.items():
            running.addresses.stand(public, local)
        client = graph.one("aws:cognito/userPoolClient:UserPoolClient", "browser")
        here = Site(balanced=running, pool=pool, client_id=str(client.id))
        async with served(here.greeted) as (_, target):
            await running.add("web", target)
            yield here
        pool.stop()


async def test_the_target_is_told_what_the_pool_says_of_a_person(site: Site) -> None:
    """User info of a pool tells no groups; the access token does."""
    async with visitor() as ada:
        sent_away = await ada.get(site.app)
        assert sent_away.to.startswith(f"{site.pool.issuer_url.rpartition('/')[0]}/oauth2/authorize?")
        page = await ada.get(sent_away.to)
        (sub,) = re.findall(r'value="([0-9a-f-]{36})">\s*<span class="name">Ada', page.text)
        await ada.get((await ada.pick(page, sub)).to)

        headers: dict[str, Any] = json.loads((await ada.get(f"{site.app}/headers")).text)

    claims = jwt.decode(headers["x-amzn-oidc-data"], options={"verify_signature": False})
    access = jwt.decode(headers["x-amzn-oidc-accesstoken"], options={"verify_signature": False})
    assert claims.items() >= {"sub": sub, "email": "ada@example.com", "email_verified": "true"}.items()
    assert (claims["iss"], access["iss"]) == (site.pool.issuer_url, site.pool.issuer_url)
    assert access["cognito:groups"] == ["admins", "developers"]
    assert headers["x-amzn-oidc-identity"] == sub


async def test_a_person_signs_in_with_the_keyboard_is_greeted_by_name_and_signs_out(site: Site, page: "Page") -> None:
    await page.goto(f"{site.app}?from=here")
    await page.wait_for_url("**/oauth2/authorize?**")
    names = await page.locator("button .name").all_inner_texts()
    assert names == ["Ada Lovelace", "Grace Newcomer", "Linus Sixpack"]
    await page.keyboard.press("Tab")
    assert "Ada" in await page.evaluate("document.activeElement.innerText")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"

    await page.keyboard.press("Enter")

    await page.get_by_role("heading", name="Hello Ada Lovelace").wait_for()
    assert page.url == f"{site.app}?from=here"
    cookies = {cookie["name"]: cookie for cookie in await page.context.cookies(site.app)}
    assert {f"{COOKIE}-0", "AWSALBAuthNonce"} <= cookies.keys()
    assert all(cookies[name]["httpOnly"] for name in (f"{COOKIE}-0", "AWSALBAuthNonce"))
    assert await page.evaluate("document.cookie") == ""
    await page.get_by_role("link", name="Sign out").click()
    await page.get_by_text("Goodbye").wait_for()
    assert not [cookie for cookie in await page.context.cookies(site.app) if cookie["name"].startswith(COOKIE)]
    await page.goto(site.app)
    await page.get_by_role("button", name="Refuse").click()
    await page.get_by_text("401 Authorization Required").wait_for()


async def test_the_page_fits_a_telephone_and_both_schemes_of_colour(site: Site, page: "Page") -> None:
    await page.set_viewport_size({"width": 320, "height": 600})
    await page.goto(site.app)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    paper = "getComputedStyle(document.body).backgroundColor"

    await page.emulate_media(color_scheme="light")
    light = await page.evaluate(paper)
    await page.emulate_media(color_scheme="dark")

    assert await page.evaluate(paper) != light
