"""`authenticate-oidc`: what a load balancer keeps in a browser of who has signed in, and for how long."""

import asyncio
import re
from typing import Any

import aiohttp
import pytest

from tests.local.balancer.signing_in import (
    AUTHENTICATE,
    COOKIE,
    NONCE,
    Site,
    came_back,
    told,
    way_back,
)
from tests.local.balancer.visitor import Page, Visitor


async def test_a_cookie_tells_nothing_and_is_for_the_server_alone(here: Site, ada: Visitor) -> None:
    page = await ada.signed_in(here.url("/app"))

    assert all(re.fullmatch(rf"{COOKIE}-\d=[\w-]+=*; Expires=[^;]+ GMT; Path=/; HttpOnly", c) for c in page.set_cookies)
    assert all(len(cookie) <= 4096 for cookie in page.set_cookies)
    again = await ada.signed_in(here.url("/short"))
    assert not {c.partition("=")[2][:40] for c in page.set_cookies} & {
        c.partition("=")[2][:40] for c in again.set_cookies
    }


async def test_who_is_signed_in_is_known_to_every_rule_of_the_same_client(here: Site, ada: Visitor) -> None:
    await ada.signed_in(here.url("/app"), "linus")

    for path in ("/allow", "/deny"):
        forged = {"x-amzn-oidc-identity": "ada"}
        assert told(await ada.get(here.url(path), headers=forged))["x-amzn-oidc-identity"] == "linus"


async def tampered(here: Site, ada: Visitor, cookies: dict[str, str]) -> Page:
    async with aiohttp.ClientSession(cookies=cookies) as session:
        return await Visitor(session).get(here.url("/deny"))


@pytest.mark.parametrize("change", ["flipped", "cut", "empty", "no base64", "reordered", "of another rule", "gap"])
async def test_a_cookie_that_was_not_made_so_is_nobody(here: Site, ada: Visitor, change: str) -> None:
    await ada.signed_in(here.url("/app"))
    sealed = ada.cookies(here.url("/"))[f"{COOKIE}-0"]
    middle = len(sealed) // 2
    other = {"A": "B"}.get(sealed[middle], "A")
    cookies = {
        "flipped": {f"{COOKIE}-0": sealed[:middle] + other + sealed[middle + 1 :]},
        "cut": {f"{COOKIE}-0": sealed[:middle]},
        "empty": {f"{COOKIE}-0": ""},
        "no base64": {f"{COOKIE}-0": "***"},
        "reordered": {f"{COOKIE}-0": sealed[middle:], f"{COOKIE}-1": sealed[:middle]},
        "of another rule": {"short-0": sealed},
        "gap": {f"{COOKIE}-1": sealed},
    }[change]
    assert (await tampered(here, ada, {f"{COOKIE}-0": sealed})).status == 200

    assert (await tampered(here, ada, cookies)).status == 401
    async with aiohttp.ClientSession(cookies=cookies) as session:
        assert (await Visitor(session).get(here.url("/short"))).status == 302


async def test_a_session_at_one_provider_is_none_at_another(here: Site, ada: Visitor) -> None:
    await ada.signed_in(here.url("/app"))

    assert (await ada.get(here.url("/deny"))).status == 200
    assert (await ada.get(here.url("/scripted-deny"))).status == 401


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, Authentication logout and session timeout"])
async def test_a_session_times_out_as_declared_whatever_the_provider_says(
    here: Site, ada: Visitor, source: str
) -> None:
    await ada.signed_in(here.url("/short"))
    here.clock.now_s += 59
    assert (await ada.get(here.url("/short"))).status == 200

    here.clock.now_s += 1

    assert (await ada.get(here.url("/short"))).status == 302


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, Authentication logout and session timeout"])
async def test_an_application_signs_people_out_by_expiring_the_cookies(here: Site, ada: Visitor, source: str) -> None:
    """Also in the answer that brings the cookies of a fresh access token."""
    await ada.signed_in(here.url("/app"))
    here.clock.now_s += 600

    leaving = await ada.get(here.url("/app/leave"))

    assert any(cookie.startswith(f"{COOKIE}-0=") and "1970" not in cookie for cookie in leaving.set_cookies)
    assert (await ada.get(here.url("/deny"))).status == 401


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, Authentication logout and session timeout"])
async def test_an_expired_access_token_is_refreshed_once_for_all_that_a_browser_asks_at_once(
    here: Site, ada: Visitor, source: str
) -> None:
    """The issuer gives each refresh token for one use: a second one would end the session."""
    await ada.signed_in(here.url("/app"))
    before = told(await ada.get(here.url("/app")))["x-amzn-oidc-accesstoken"]
    here.clock.now_s += 600

    pages = await asyncio.gather(*(ada.get(here.url("/app")) for _ in range(5)))

    tokens = {told(page)["x-amzn-oidc-accesstoken"] for page in pages}
    assert len(tokens) == 1
    assert before not in tokens
    assert all(page.set_cookies for page in pages)
    assert not (await ada.get(here.url("/app"))).set_cookies
    here.clock.now_s += 600
    assert (await ada.get(here.url("/app"))).status == 200


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, Authentication logout and session timeout"])
@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 500}, {"document": "?"}])
async def test_who_is_no_longer_signed_in_at_the_provider_signs_in_again(
    here: Site, ada: Visitor, fault: dict[str, Any], source: str
) -> None:
    here.provider.token.document = here.provider.tokens(refresh_token="r", expires_in=60)
    await came_back(here, ada)
    assert (await ada.get(here.url("/scripted"))).status == 200
    here.clock.now_s += 60
    for name, value in fault.items():
        setattr(here.provider.token, name, value)

    assert (await ada.get(here.url("/scripted"))).status == 302

    assert here.provider.token.form == {"grant_type": "refresh_token", "refresh_token": "r"}


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, Authentication logout and session timeout"])
async def test_without_a_refresh_token_a_session_outlives_its_access_token(
    here: Site, ada: Visitor, source: str
) -> None:
    await came_back(here, ada)

    here.clock.now_s += 6 * 24 * 3600

    assert (await ada.get(here.url("/scripted"))).status == 200
    assert here.provider.token.asked == 1


async def test_a_refresh_for_another_person_ends_the_session(here: Site, ada: Visitor) -> None:
    here.provider.token.document = here.provider.tokens(refresh_token="r", expires_in=60)
    await came_back(here, ada)
    here.clock.now_s += 60
    here.provider.token.document = here.provider.tokens(id_token=None)
    here.provider.user_info.document = {"sub": "mallory"}

    assert (await ada.get(here.url("/scripted"))).status == 302


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, Authentication flow, step 4"])
async def test_a_large_session_is_split_over_cookies_and_a_smaller_one_takes_their_place(
    here: Site, ada: Visitor, mallory: Visitor, source: str
) -> None:
    here.provider.user_info.document = {"sub": "ada", "pad": "x" * 5000}
    large = await came_back(here, ada)
    names = [cookie.partition("=")[0] for cookie in large.set_cookies]
    assert names == [f"{COOKIE}-{number}" for number in range(2)]
    assert all(len(cookie) <= 4096 for cookie in large.set_cookies)
    assert (await mallory.get(here.url("/scripted"), headers=as_cookies(large))).status == 200
    split = as_cookies(large)["Cookie"].rpartition("; ")[0]
    assert (await mallory.get(here.url("/scripted"), headers={"Cookie": split})).status == 302, "all are needed"

    here.clock.now_s += 7 * 24 * 3600
    here.provider.clear()
    back = await way_back(here, mallory)
    cookies = f"{as_cookies(large)['Cookie']}; {NONCE}={mallory.cookies(back)[NONCE]}"
    small = await mallory.get(back, headers={"Cookie": cookies})

    expired = [cookie for cookie in small.set_cookies if "Expires=Thu, 01 Jan 1970" in cookie]
    assert [cookie.partition("=")[0] for cookie in expired] == names[1:]
    assert (await mallory.get(here.url("/scripted"), headers=as_cookies(small))).status == 200


def as_cookies(page: Page) -> dict[str, str]:
    kept = [cookie.partition(";")[0] for cookie in page.set_cookies if "1970" not in cookie]
    return {"Cookie": "; ".join(kept)}
