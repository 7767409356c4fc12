"""A declared user pool answers as Cognito would: addresses, claims, refusals."""

import base64
import hashlib
import json
from urllib.parse import urlencode

import pytest

from tests.local.balancer.visitor import Visitor
from tests.local.browser import VERIFIER, Clock
from tests.local.user_pool.site import CLI_CALLBACK, HOST, WEB, PoolSite
from tests.local.user_pool.visits import GUIDE, LOCAL_WEB, asked, picked, signed_in, sub_of, token, verified


def test_its_addresses_in_aws_have_places_on_this_machine(here: PoolSite) -> None:
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{here.pool.pool_id}"

    assert here.pool.public_origins() == {issuer: here.pool.issuer_url, HOST: here.origin}
    assert here.pool.issuer_url == f"{here.origin}/{here.pool.pool_id}"
    api = "https://cognito-idp.us-east-1.amazonaws.com/"
    assert here.addresses.local(api) == api, "Cognito's own API is not there"


@pytest.mark.parametrize("source", [f"{GUIDE}: User pool endpoints reference"])
async def test_discovery_names_the_hosted_domain(here: PoolSite, ada: Visitor, source: str) -> None:
    async with ada.session.get(f"{here.pool.issuer_url}/.well-known/openid-configuration") as answer:
        document = await answer.json()

    assert document["issuer"] == here.pool.issuer_url
    assert document["jwks_uri"] == f"{here.pool.issuer_url}/.well-known/jwks.json"
    assert document["authorization_endpoint"] == f"{here.origin}/oauth2/authorize"
    assert document["userinfo_endpoint"] == f"{here.origin}/oauth2/userInfo"
    assert "device_authorization_endpoint" not in document
    assert (await ada.get(f"{here.origin}/device")).status == 404


@pytest.mark.parametrize("source", [f"{GUIDE}: Understanding the access token; Understanding the ID token"])
async def test_tokens_have_the_claims_of_cognito_s(here: PoolSite, ada: Visitor, clock: Clock, source: str) -> None:
    answer = await signed_in(here, ada)

    assert answer.keys() == {"access_token", "id_token", "refresh_token", "token_type", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    access, identity = await verified(here, answer["access_token"]), await verified(here, answer["id_token"])
    sub, now_s, client_id = sub_of(here, "ada@example.com"), int(clock()), here.client("cli").id
    both = {
        "sub": sub,
        "iss": here.pool.issuer_url,
        "auth_time": now_s,
        "iat": now_s,
        "origin_jti": access["origin_jti"],
    }
    groups = {"cognito:groups": ["admins", "developers"]}
    username = access["username"]
    assert access.items() >= {**both, "token_use": "access", "client_id": client_id, "version": 2}.items()
    assert (access["scope"], access["exp"]) == ("openid email profile", now_s + 3600)
    assert access["cognito:groups"] == identity["cognito:groups"] == groups["cognito:groups"]
    assert not access.keys() & {"aud", "nbf", "email", "groups"}
    assert identity.items() >= {**both, "token_use": "id", "aud": client_id, "nonce": "n"}.items()
    assert identity.items() >= {"email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace"}.items()
    assert (identity["cognito:username"], identity["exp"]) == (username, now_s + 1800)
    digest = hashlib.sha256(answer["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def test_who_is_in_no_group_has_no_claim_for_it(here: PoolSite, ada: Visitor) -> None:
    answer = await signed_in(here, ada, "grace@example.com")

    assert "cognito:groups" not in await verified(here, answer["access_token"])


@pytest.mark.parametrize("source", [f"{GUIDE}: The userInfo endpoint"])
@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("openid", {"email", "email_verified", "name"}),
        ("openid profile", {"email", "email_verified", "name"}),
        ("openid email", {"email", "email_verified"}),
    ],
)
async def test_user_info_tells_what_the_scope_allows_in_strings(
    here: PoolSite, ada: Visitor, scope: str, told: set[str], source: str
) -> None:
    answer = await signed_in(here, ada, scope=scope)

    page = await ada.get(
        f"{here.origin}/oauth2/userInfo", headers={"Authorization": f"Bearer {answer['access_token']}"}
    )

    claims = json.loads(page.text)
    assert claims.keys() == {"sub", "username", *told}
    assert claims["email_verified"] == "true"
    identity = await verified(here, answer["id_token"])
    assert identity.keys() & {"email", "email_verified", "name"} == told


@pytest.mark.parametrize("source", [f"{GUIDE}: The authorization endpoint"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"redirect_uri": "http://127.0.0.1:8977/callback"}, 400),
        ({"redirect_uri": "http://127.0.0.1/callback"}, 400),
        ({"redirect_uri": None}, 400),
        ({"client_id": "nobody"}, 400),
        ({"scope": "openid phone"}, 302),
        ({"response_type": "token"}, 302),
        ({"code_challenge_method": "plain"}, 302),
        ({"code_challenge": None, "code_challenge_method": None, "scope": None}, 200),
    ],
)
async def test_a_client_gets_only_what_is_declared_for_it(
    here: PoolSite, ada: Visitor, changes: dict[str, str | None], expected: int, source: str
) -> None:
    page = await ada.get(f"{here.origin}/oauth2/authorize?{urlencode(asked(here, **changes))}")

    assert page.status == expected
    assert expected != 302 or (page.to.startswith(CLI_CALLBACK) and page.asked["error"])


async def test_without_a_scope_a_client_gets_all_that_are_declared(here: PoolSite, ada: Visitor) -> None:
    answer = await signed_in(here, ada, scope=None)

    assert (await verified(here, answer["access_token"]))["scope"] == "openid email profile"


@pytest.mark.parametrize("source", [f"{GUIDE}: Token endpoint, examples of negative responses"])
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"code_verifier": "another-verifier-of-the-least-length-43-chars"}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:8976/callback"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
async def test_the_token_endpoint_refuses_with_400_and_a_code_alone(
    here: PoolSite, ada: Visitor, changes: dict[str, str], error: str, source: str
) -> None:
    code = (await picked(here, ada)).asked["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CLI_CALLBACK, "code_verifier": VERIFIER}

    answer = await token(here, ada, {**form, "client_id": here.client("cli").id, **changes})

    assert answer == (400, {"error": error})


async def test_a_client_with_a_secret_must_show_it_and_comes_back_to_its_place_on_this_machine(
    here: PoolSite, ada: Visitor
) -> None:
    callback = f"{LOCAL_WEB}/oauth2/idpresponse"
    client_id = here.client("browser").id
    browser = {"client_id": client_id, "redirect_uri": callback, "scope": "openid"}
    back = await picked(here, ada, **browser, code_challenge=None, code_challenge_method=None)
    assert back.to.startswith(callback)
    form = {"grant_type": "authorization_code", "code": back.asked["code"], "redirect_uri": callback}

    assert await token(here, ada, {**form, "client_id": client_id}) == (400, {"error": "invalid_client"})
    status, answer = await token(here, ada, form, "browser")

    assert (status, (await verified(here, answer["id_token"]))["aud"]) == (200, client_id)
    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    for _ in range(2):
        status, again = await token(here, ada, refresh, "browser")
        assert (status, "refresh_token" in again, "id_token" in again) == (200, False, True), "it does not rotate"


async def test_the_declared_address_itself_is_none_of_this_machine_s(here: PoolSite, ada: Visitor) -> None:
    asked_for = asked(here, client_id=here.client("browser").id, redirect_uri=f"{WEB}/oauth2/idpresponse")

    assert (await ada.get(f"{here.origin}/oauth2/authorize?{urlencode(asked_for)}")).status == 400


def test_its_status_says_where_it_is(here: PoolSite) -> None:
    (line,) = here.pool.status()

    assert (line.kind, line.state, line.detail) == ("user pool", "ACTIVE", here.pool.issuer_url)
