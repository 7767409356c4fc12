"""The local identity provider, over HTTP: signing in, refreshing, revoking, and what its tokens say."""

import asyncio
import base64
from typing import Any

import jwt
import pytest

from opencode_local.issuer import CLI_CLIENT_ID, DEFAULT_CLIENTS, WEB_CLIENT_ID, Issuer
from tests.local.browser import CALLBACK, Browser, Clock, asked

WEB = next(client for client in DEFAULT_CLIENTS if client.client_id == WEB_CLIENT_ID)
WEB_CALLBACK = WEB.redirect_uris[0]
WEB_BASIC = "Basic " + base64.b64encode(f"{WEB.client_id}:{WEB.secret}".encode()).decode()
LOOPBACK_CALLBACKS = [
    "http://127.0.0.1:1/callback",
    "http://127.0.0.1/callback",
    "http://localhost:65535/callback",
    "http://[::1]:8080/callback",
]
FOREIGN_CALLBACKS = [
    "http://127.0.0.1:1/other",
    "http://127.0.0.1:1/callback/../other",
    "http://127.0.0.1:1/callback#fragment",
    "http://127.0.0.1:1/callback?more=1",
    "http://127.0.0.1:1@evil.example/callback",
    "http://127.0.0.1.evil.example/callback",
    "http://127.0.0.1:1\\@evil.example/callback",
    "http://127.0.0.1:123456/callback",
    "http://127.0.0.1:1/call\nback",
    "https://127.0.0.1:1/callback",
    "http://127.0.0.2:1/callback",
    "javascript:alert(1)",
    'http://127.0.0.1:1/"><script>alert(1)</script>',
    WEB_CALLBACK,
]


async def claims(browser: Browser, token: str) -> dict[str, Any]:
    """Verified the way a stranger would: by the key that the token names, in the document that discovery names."""
    discovered = (await browser.get("/.well-known/openid-configuration")).said
    keys = {key["kid"]: key for key in (await browser.get(discovered["jwks_uri"])).said["keys"]}
    key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]])
    options: Any = {
        "require": ["exp", "iat", "nbf", "jti"],
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }
    audience = [CLI_CLIENT_ID, WEB_CLIENT_ID]
    return jwt.decode(token, key, ["RS256"], options, audience=audience, issuer=discovered["issuer"])


async def test_a_person_signs_in_with_pkce_and_gets_tokens_that_anyone_can_verify(
    browser: Browser, issuer: Issuer, clock: Clock
) -> None:
    answer = await browser.picked("ada")
    assert (answer.status, answer.to, answer.said["state"]) == (302, CALLBACK, "state-1")

    tokens = (await browser.redeemed(answer.said["code"])).said

    assert tokens.keys() == {"token_type", "access_token", "expires_in", "scope", "refresh_token", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    who = await claims(browser, tokens["id_token"])
    expected = {"iss": issuer.url, "sub": "ada", "aud": CLI_CLIENT_ID, "nonce": "nonce-1", "token_use": "id"}
    assert who.items() >= {**expected, "email": "ada@example.com", "name": "Ada Lovelace"}.items()
    assert who["groups"] == ["developers", "admins"]
    assert (who["iat"], who["exp"], who["auth_time"]) == (clock.now_s, clock.now_s + 3600, clock.now_s)
    may = await claims(browser, tokens["access_token"])
    expected = {"sub": "ada", "aud": CLI_CLIENT_ID, "client_id": CLI_CLIENT_ID, "token_use": "access"}
    assert may.items() >= {**expected, "scope": "openid profile email", "email": "ada@example.com"}.items()
    assert jwt.get_unverified_header(tokens["access_token"])["typ"] == "at+jwt"
    assert may["sid"] == who["sid"]
    assert may["jti"] != who["jti"]


async def test_users_differ_in_groups(browser: Browser) -> None:
    groups = {
        sub: (await claims(browser, (await browser.signed_in(sub))["id_token"]))["groups"] for sub in ("linus", "grace")
    }

    assert groups == {"linus": ["developers"], "grace": []}


async def test_without_the_openid_scope_there_is_no_id_token(browser: Browser) -> None:
    assert "id_token" not in await browser.signed_in(scope="email")


async def test_an_unknown_scope_is_refused_at_the_client(browser: Browser) -> None:
    answer = await browser.get("/authorize", params={**asked(), "scope": "openid admin"})

    assert (answer.status, answer.to, answer.said["error"]) == (302, CALLBACK, "invalid_scope")
    assert answer.said["state"] == "state-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
    ],
)
async def test_a_public_client_cannot_do_without_pkce_by_sha256(
    browser: Browser, changes: dict[str, str | None]
) -> None:
    answer = await browser.get("/authorize", params=asked(**changes))

    assert (answer.status, answer.to, answer.said["error"]) == (302, CALLBACK, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "another-verifier-of-the-least-length-43-chars"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:2/callback"}, "invalid_grant"),
        ({"client_id": WEB_CLIENT_ID}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_a_code_is_worth_nothing_to_who_did_not_ask_for_it(
    browser: Browser, changes: dict[str, str], error: str
) -> None:
    code = (await browser.picked("ada")).said["code"]

    refused = await browser.redeemed(**{"code": code, **changes})

    assert refused.status in {400, 401}
    assert refused.said["error"] == error
    assert (await browser.redeemed(code)).status == 200, "a failed attempt leaves the code to its owner"


async def test_a_code_used_twice_gives_nothing_and_takes_back_what_it_gave(browser: Browser) -> None:
    code = (await browser.picked("ada")).said["code"]
    tokens = (await browser.redeemed(code)).said

    again = await browser.redeemed(code)

    assert (again.status, again.said["error"]) == (400, "invalid_grant")
    assert (await browser.refreshed(tokens["refresh_token"])).said["error"] == "invalid_grant"


async def test_a_code_used_by_ten_at_once_serves_one_at_most(browser: Browser) -> None:
    code = (await browser.picked("ada")).said["code"]

    answers = await asyncio.gather(*(browser.redeemed(code) for _ in range(10)))

    assert sorted(answer.status for answer in answers) == [200, *[400] * 9]


async def test_a_code_expires_after_a_minute(browser: Browser, clock: Clock) -> None:
    code = (await browser.picked("ada")).said["code"]

    clock.now_s += 60

    assert (await browser.redeemed(code)).said["error"] == "invalid_grant"


async def test_a_refresh_gives_fresh_tokens_of_every_kind_and_the_same_person(browser: Browser, clock: Clock) -> None:
    first = await browser.signed_in("linus")
    clock.now_s += 1800

    second = (await browser.refreshed(first["refresh_token"])).said

    assert first.keys() == second.keys()
    assert not {first[name] for name in first if name.endswith("token")} & set(second.values())
    before, after = await claims(browser, first["id_token"]), await claims(browser, second["id_token"])
    assert after["exp"] == before["exp"] + 1800
    assert [after[name] for name in ("sub", "aud", "sid", "auth_time")] == [
        before[name] for name in ("sub", "aud", "sid", "auth_time")
    ]
    assert "nonce" not in after, "OpenID Connect Core, 12.2"


async def test_a_refresh_token_used_twice_ends_the_whole_family(browser: Browser) -> None:
    stolen = (await browser.signed_in())["refresh_token"]
    newest = (await browser.refreshed(stolen)).said

    assert (await browser.refreshed(stolen)).said["error"] == "invalid_grant"

    assert (await browser.refreshed(newest["refresh_token"])).said["error"] == "invalid_grant"
    assert (await userinfo(browser, newest["access_token"])) == 401


async def test_another_sign_in_outlives_the_end_of_a_family(browser: Browser) -> None:
    stolen, other = await browser.signed_in(), await browser.signed_in()
    for _ in range(2):
        await browser.refreshed(stolen["refresh_token"])

    assert (await browser.refreshed(other["refresh_token"])).status == 200


async def test_a_refresh_can_narrow_the_scope_for_once_but_never_widen_it(browser: Browser) -> None:
    tokens = await browser.signed_in(scope="openid email")

    narrow = (await browser.refreshed(tokens["refresh_token"], scope="email")).said
    wide = await browser.refreshed(narrow["refresh_token"], scope="openid email groups")
    whole = (await browser.refreshed(narrow["refresh_token"])).said

    assert (narrow["scope"], wide.said["error"], whole["scope"]) == ("email", "invalid_scope", "openid email")


async def test_a_refresh_token_is_bound_to_its_client_and_its_month(browser: Browser, clock: Clock) -> None:
    token = (await browser.signed_in())["refresh_token"]
    foreign = await browser.post(
        "/token", {"grant_type": "refresh_token", "refresh_token": token}, headers={"Authorization": WEB_BASIC}
    )
    assert foreign.said["error"] == "invalid_grant"

    clock.now_s += 30 * 24 * 3600

    assert (await browser.refreshed(token)).said["error"] == "invalid_grant"


async def test_a_revoked_refresh_token_takes_its_access_tokens_along(browser: Browser) -> None:
    tokens = await browser.signed_in()
    assert await userinfo(browser, tokens["access_token"]) == 200

    answer = await browser.post("/revoke", {"client_id": CLI_CLIENT_ID, "token": tokens["refresh_token"]})

    assert answer.status == 200
    assert (await browser.refreshed(tokens["refresh_token"])).said["error"] == "invalid_grant"
    assert await userinfo(browser, tokens["access_token"]) == 401


async def test_a_revoked_access_token_goes_alone(browser: Browser) -> None:
    tokens = await browser.signed_in()

    await browser.post("/revoke", {"client_id": CLI_CLIENT_ID, "token": tokens["access_token"]})

    assert await userinfo(browser, tokens["access_token"]) == 401
    assert (await browser.refreshed(tokens["refresh_token"])).status == 200


async def test_only_its_own_client_can_revoke_a_token_and_an_unknown_one_is_no_error(browser: Browser) -> None:
    token = (await browser.signed_in())["refresh_token"]

    foreign = await browser.post("/revoke", {"token": token}, headers={"Authorization": WEB_BASIC})
    unknown = await browser.post("/revoke", {"client_id": CLI_CLIENT_ID, "token": "made-up"})

    assert (foreign.said["error"], unknown.status) == ("invalid_grant", 200)
    assert (await browser.refreshed(token)).status == 200


async def test_userinfo_tells_a_valid_access_token_who_its_owner_is(
    browser: Browser, issuer: Issuer, clock: Clock
) -> None:
    token = (await browser.signed_in("linus"))["access_token"]
    answer = await browser.get("/userinfo", headers={"Authorization": f"Bearer {token}"})

    assert answer.said["sub"] == "linus"
    assert answer.said["groups"] == ["developers"]
    assert await userinfo(browser, issuer.token("linus", use="access")) == 200
    assert await userinfo(browser, issuer.token("linus", use="id")) == 401
    assert await userinfo(browser, issuer.token("linus", use="access", iss="https://elsewhere.example")) == 401
    assert await userinfo(browser, "made-up") == 401
    assert (await browser.get("/userinfo")).status == 401
    clock.now_s += 3600
    assert await userinfo(browser, token) == 401


@pytest.mark.parametrize("callback", LOOPBACK_CALLBACKS)
async def test_the_command_line_client_may_listen_on_any_loopback_port(browser: Browser, callback: str) -> None:
    assert (await browser.picked("ada", redirect_uri=callback)).to == callback


@pytest.mark.parametrize("callback", [None, *FOREIGN_CALLBACKS])
async def test_no_code_and_no_error_goes_to_an_unregistered_address(browser: Browser, callback: str | None) -> None:
    answer = await browser.get("/authorize", params=asked(redirect_uri=callback), headers={"Accept": "text/html"})

    assert (answer.status, answer.to) == (400, "")
    assert "<script>" not in answer.text


async def test_the_web_client_needs_its_secret_and_the_exact_address(browser: Browser) -> None:
    web = {"client_id": WEB_CLIENT_ID, "redirect_uri": WEB_CALLBACK}
    without_pkce: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    code = (await browser.picked("ada", **web, **without_pkce)).said["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": WEB_CALLBACK}

    for secret in ("wrong", "wröng"):
        refused = await browser.post("/token", {**form, "client_id": WEB_CLIENT_ID, "client_secret": secret})
        assert refused.said["error"] == "invalid_client"
    accepted = await browser.post("/token", form, headers={"Authorization": WEB_BASIC})

    assert (await claims(browser, accepted.said["id_token"]))["aud"] == WEB_CLIENT_ID
    elsewhere = await browser.get(
        "/authorize", params=asked(**web) | {"redirect_uri": WEB_CALLBACK.replace("8080", "8081")}
    )
    assert elsewhere.status == 400


async def userinfo(browser: Browser, token: str) -> int:
    """The status with which userinfo answers this token."""
    return (await browser.get("/userinfo", headers={"Authorization": f"Bearer {token}"})).status
