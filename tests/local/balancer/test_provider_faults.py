"""`authenticate-oidc`: what becomes of a sign-in whose provider refuses, fails or lies."""

import base64
from typing import Any
from urllib.parse import unquote

import pytest

from tests.local.balancer.scripted_provider import CLIENT_ID, CLIENT_SECRET
from tests.local.balancer.signing_in import (
    AUTHENTICATE,
    LOGIN,
    TROUBLE,
    Site,
    came_back,
)
from tests.local.balancer.visitor import Visitor


async def test_the_provider_is_asked_as_a_confidential_client(here: Site, ada: Visitor) -> None:
    """Source: RFC 6749, 2.3.1: the two halves are encoded before they are joined (read 2026-11-21)."""
    await came_back(here, ada, code="the code")

    assert here.provider.token.form == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": here.url("/oauth2/idpresponse"),
    }
    kind, login = here.provider.token.headers["Authorization"].split(" ")
    halves = base64.b64decode(login).decode().split(":")
    assert (kind, [unquote(half) for half in halves]) == ("Basic", [CLIENT_ID, CLIENT_SECRET])
    assert here.provider.user_info.headers["Authorization"] == "Bearer access"


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, Authentication flow, steps 2 to 4"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"iss": LOGIN}, 401),
        ({"iss": None}, 401),
        ({"aud": "other"}, 401),
        ({"aud": ["other", CLIENT_ID]}, 302),
        ({"aud": None}, 401),
        ({"exp": 1}, 401),
        ({"exp": "never"}, 401),
        ({"sub": None}, 401),
        ({"sub": "mallory"}, 561),
    ],
)
async def test_the_id_token_is_checked(
    here: Site, ada: Visitor, changes: dict[str, Any], expected: int, source: str
) -> None:
    here.provider.token.document = here.provider.tokens(id_token=here.provider.id_token(**changes))

    assert (await came_back(here, ada)).status == expected


@pytest.mark.parametrize("source", [f"{TROUBLE}, HTTP 401, HTTP 500 and HTTP 561"])
@pytest.mark.parametrize(
    ("endpoint", "fault", "expected"),
    [
        ("token", {"status": 500}, 561),
        ("token", {"status": 401, "document": {"error": "invalid_client"}}, 561),
        ("token", {"status": 400, "document": {"error": "invalid_grant"}}, 401),
        ("token", {"status": 302}, 561),
        ("token", {"document": "<html>"}, 561),
        ("token", {"document": []}, 561),
        ("token", {"document": {"access_token": 1}}, 561),
        ("token", {"document": {"access_token": "a"}}, 401),
        ("token", {"document": {"access_token": "a", "id_token": "?"}}, 401),
        ("token", {"document": {"access_token": "a", "id_token": ["?"]}}, 401),
        ("token", {"document": {"pad": "x" * 70_000}}, 401),
        ("token", {"document": None}, 500),
        ("user_info", {"status": 403}, 561),
        ("user_info", {"document": "sub=ada"}, 561),
        ("user_info", {"document": {"name": "Ada"}}, 561),
        ("user_info", {"document": {"sub": 1}}, 561),
        ("user_info", {"document": {"sub": "ada", "pad": "x" * 11 * 1024}}, 500),
        ("user_info", {"document": {"sub": "ada", "pad": "x" * 70_000}}, 500),
        ("user_info", {"document": None}, 500),
    ],
)
async def test_a_provider_that_fails_gives_the_browser_the_documented_status(
    here: Site, ada: Visitor, endpoint: str, fault: dict[str, Any], expected: int, source: str
) -> None:
    """A document that is None never comes."""
    scripted = getattr(here.provider, endpoint)
    for name, value in fault.items():
        setattr(scripted, name, value)
    if fault.get("document", "") is None:
        scripted.may_answer.clear()

    page = await came_back(here, ada)

    assert (page.status, page.set_cookies) == (expected, [])
    assert page.headers["Server"] == "awselb/2.0"


async def test_a_provider_that_is_not_there_is_the_load_balancer_s_error(here: Site, ada: Visitor) -> None:
    sent_away = await ada.get(here.url("/scripted"))
    here.balanced.addresses.stand("https://scripted.example.com", "http://127.0.0.1:1")
    try:
        unreachable = await came_back(here, ada)
    finally:
        here.balanced.addresses.stand("https://scripted.example.com", here.provider.origin)

    assert sent_away.status == 302
    assert unreachable.status == 500


@pytest.mark.parametrize("source", [f"{TROUBLE}, HTTP 401 and HTTP 561"])
@pytest.mark.parametrize(("error", "expected"), [("access_denied", 401), ("server_error", 561)])
async def test_a_provider_s_refusal_is_passed_on(
    here: Site, ada: Visitor, error: str, expected: int, source: str
) -> None:
    page = await came_back(here, ada, error=error, code="")

    assert (page.status, page.set_cookies) == (expected, [])
    assert expected != 561 or "<h1>561 Authentication Error</h1>" in page.text


async def test_a_person_who_refuses_at_the_issuer_gets_the_page_of_401(here: Site, ada: Visitor) -> None:
    assert (await ada.signed_in(here.url("/app"), "")).status == 401
