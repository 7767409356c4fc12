"""`authenticate-oidc`: the way of a browser to the provider and back, and who does not get through."""

import re
import ssl
from urllib.parse import unquote

import jwt
import pytest
import trustme

from tests.local.balancer.running import GUIDE, Declared, balanced, fixed
from tests.local.balancer.signing_in import (
    AUTHENTICATE,
    DECLARED,
    NONCE,
    TROUBLE,
    WEB,
    Site,
    came_back,
    told,
)
from tests.local.balancer.visitor import Visitor, visitor


@pytest.mark.parametrize("source", [AUTHENTICATE])
async def test_a_stranger_is_sent_to_the_authorization_endpoint_with_what_the_rule_says(
    here: Site, ada: Visitor, source: str
) -> None:
    page = await ada.get(here.url("/app/a%2Fb?x=1&y=%20"))

    assert (page.status, page.to.partition("?")[0]) == (302, f"{here.issuer.url}/authorize")
    state = page.asked["state"]
    assert page.asked == {
        "client_id": WEB,
        "redirect_uri": here.url("/oauth2/idpresponse"),
        "response_type": "code",
        "scope": "openid profile email",
        "state": state,
    }
    assert len(state) > 40
    assert re.fullmatch(rf"{NONCE}=\w{{16}}; Path=/; HttpOnly", page.set_cookies[0])


@pytest.mark.parametrize("source", [AUTHENTICATE])
async def test_extra_parameters_are_sent_along_but_replace_none(here: Site, ada: Visitor, source: str) -> None:
    asked = (await ada.get(here.url("/short"))).asked

    assert (asked["prompt"], asked["display"]) == ("login", "page")
    assert asked["state"] != "mine"


@pytest.mark.parametrize("source", [AUTHENTICATE])
async def test_who_signs_in_comes_back_to_where_they_wanted_to_go(here: Site, ada: Visitor, source: str) -> None:
    wanted = here.url("/app/a%2Fb?x=1&y=%20")

    page = await ada.signed_in(wanted)

    assert (page.status, page.to) == (302, wanted)
    headers = told(await ada.get(page.to))
    assert headers["x-amzn-oidc-identity"] == "ada"
    access = jwt.decode(headers["x-amzn-oidc-accesstoken"], options={"verify_signature": False})
    assert (access["sub"], access["client_id"]) == ("ada", WEB)


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, User claims encoding and signature verification"])
async def test_the_claims_are_signed_by_a_key_that_the_region_publishes(here: Site, ada: Visitor, source: str) -> None:
    headers = told(await ada.get((await ada.signed_in(here.url("/app"))).to))
    token = headers["x-amzn-oidc-data"]

    header = jwt.get_unverified_header(token)
    published = here.balanced.addresses.local(f"https://public-keys.auth.elb.us-east-1.amazonaws.com/{header['kid']}")
    pem = (await ada.get(published)).text
    claims = jwt.decode(token, pem, ["ES256"], {"verify_exp": False})

    assert published.startswith("http://127.0.0.1:")
    assert claims.items() >= {"sub": "ada", "name": "Ada Lovelace", "groups": ["developers", "admins"]}.items()
    ends_s = int(here.clock()) + 120
    assert header == {
        "typ": "JWT",
        "alg": "ES256",
        "kid": header["kid"],
        "iss": here.issuer.url,
        "client": WEB,
        "signer": here.balanced.balancer.arn,
        "exp": ends_s,
    }
    assert all(len(part) % 4 == 0 for part in token.split(".")), "the padding stays"
    assert (await ada.get(published.rpartition("/")[0] + "/another")).status == 404


@pytest.mark.parametrize("source", [AUTHENTICATE])
@pytest.mark.parametrize(("path", "expected"), [("/allow", 200), ("/deny", 401)])
async def test_a_rule_says_what_becomes_of_strangers(
    here: Site, ada: Visitor, path: str, expected: int, source: str
) -> None:
    forged = {"x-amzn-oidc-identity": "ada", "X-Amzn-Oidc-Data": "e30.e30.e30", "X-AMZN-OIDC-Other": "1"}

    page = await ada.get(here.url(path), headers=forged)

    assert (page.status, page.set_cookies) == (expected, [])
    assert expected == 401 or not [name for name in told(page) if name.startswith("x-amzn-oidc")]


@pytest.mark.parametrize("source", [f"{GUIDE}: Access logs for your Application Load Balancer, Error reason codes"])
@pytest.mark.parametrize("query", [{"state": "made-up"}, {"state": ""}, {"code": ""}])
async def test_a_return_without_what_was_sent_along_is_refused(
    here: Site, ada: Visitor, query: dict[str, str], source: str
) -> None:
    page = await came_back(here, ada, **query)

    assert (page.status, page.set_cookies, here.provider.token.asked) == (401, [], 0)


@pytest.mark.parametrize("source", [f"{GUIDE}: Access logs for your Application Load Balancer, Error reason codes"])
async def test_another_browser_cannot_end_a_sign_in_and_does_not_spoil_it(
    here: Site, ada: Visitor, mallory: Visitor, source: str
) -> None:
    returning = await ada.returning(here.url("/app"))

    assert (await mallory.get(returning.to)).status == 401, "without a nonce"
    await mallory.get(here.url("/app"))
    assert (await mallory.get(returning.to)).status == 401, "with a nonce of its own"
    assert (await ada.get(returning.to)).status == 302


async def test_a_sign_in_ends_once(here: Site, ada: Visitor) -> None:
    returning = await ada.returning(here.url("/app"))
    assert (await ada.get(returning.to)).status == 302

    replayed = await ada.get(returning.to)

    assert (replayed.status, replayed.set_cookies) == (401, [])


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}, Client login timeout"])
async def test_a_person_has_a_quarter_of_an_hour(here: Site, ada: Visitor, source: str) -> None:
    sent_away = await ada.get(here.url("/scripted"))
    back = f"{here.url('/oauth2/idpresponse')}?code=c&state={sent_away.asked['state']}"

    here.clock.now_s += 15 * 60

    assert (await ada.get(back)).status == 401


async def test_two_tabs_can_sign_in_at_once(here: Site, ada: Visitor) -> None:
    first, second = await ada.returning(here.url("/app/1")), await ada.returning(here.url("/app/2"))

    assert [(await ada.get(page.to)).to for page in (second, first)] == [here.url("/app/2"), here.url("/app/1")]


@pytest.mark.parametrize(
    "path", ["//evil.example/app", "/app//evil.example", "/app?next=https://evil.example", "/app/%0d%0aSet-Cookie:x=1"]
)
async def test_nobody_is_led_elsewhere(here: Site, ada: Visitor, path: str) -> None:
    page = await ada.signed_in(here.url(path))

    assert page.to == here.url(path)


async def test_a_foreign_host_gets_no_sign_in_at_the_provider(here: Site, ada: Visitor) -> None:
    page = await ada.get(here.url("/app"), headers={"Host": "evil.example"})

    assert page.asked["redirect_uri"] == "http://evil.example/oauth2/idpresponse"
    assert (await ada.get(page.to)).status == 400


async def test_a_request_in_absolute_form_meets_the_same_rule_and_leads_nowhere_else(here: Site) -> None:
    asked = b"GET http://evil.example/app?a=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    answer = (await here.balanced.raw(asked)).decode()

    assert answer.startswith("HTTP/1.1 302 ")
    assert "redirect_uri=http://localhost/oauth2/idpresponse" in unquote(answer)
    assert "evil" not in answer


@pytest.mark.parametrize("source", [f"{TROUBLE}, HTTP 401: a request without a host header"])
async def test_a_request_that_names_no_host_cannot_be_sent_anywhere(here: Site, source: str) -> None:
    answer = await here.balanced.raw(b"GET /app HTTP/1.0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.0 401 ")


@pytest.mark.parametrize("source", [f"{AUTHENTICATE}: a load balancer's cookies are secure"])
async def test_over_tls_cookies_are_secure_and_the_way_back_is_encrypted(source: str) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority = trustme.CA()
    authority.issue_cert("localhost").configure_cert(tls)
    async with balanced(DECLARED, tls=tls) as encrypted, visitor() as ada:
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)

        page = await ada.get(f"{encrypted.url}/app", ssl=trusting)

    assert page.asked["redirect_uri"] == f"{encrypted.url}/oauth2/idpresponse"
    assert encrypted.url.startswith("https://")
    assert page.set_cookies[0].endswith("; Path=/; HttpOnly; Secure")


async def test_the_callback_is_an_ordinary_path_where_nobody_signs_in(here: Site, ada: Visitor) -> None:
    async with balanced(Declared(default=fixed("200", "mine"))) as plain:
        assert (await plain.get("/oauth2/idpresponse?code=1&state=2")).text == "mine"
