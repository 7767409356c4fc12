"""What people and programs do at a user pool that runs."""

import base64
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt

from tests.local.balancer.visitor import Page, Visitor
from tests.local.browser import CHALLENGE, VERIFIER
from tests.local.user_pool.site import CLI_CALLBACK, PoolSite

GUIDE = "Amazon Cognito developer guide"
LOCAL_WEB = "http://localhost:8080"


def asked(here: PoolSite, **changes: str | None) -> dict[str, str]:
    usual = {
        "response_type": "code",
        "client_id": here.client("cli").id,
        "redirect_uri": CLI_CALLBACK,
        "scope": "openid email profile",
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def sub_of(here: PoolSite, email: str) -> str:
    user = here.cognito.admin_get_user(UserPoolId=here.pool.pool_id, Username=email)
    return str(next(each["Value"] for each in user["UserAttributes"] if each["Name"] == "sub"))


async def picked(here: PoolSite, browser: Visitor, email: str = "ada@example.com", /, **changes: str | None) -> Page:
    page = await browser.get(f"{here.origin}/oauth2/authorize?{urlencode(asked(here, **changes))}")
    return await browser.pick(page, sub_of(here, email))


async def token(here: PoolSite, browser: Visitor, form: dict[str, str], secret_of: str = "") -> tuple[int, Any]:
    headers = {}
    if secret_of:
        client = here.client(secret_of)
        login = base64.b64encode(f"{client.id}:{client.outputs['clientSecret']}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
    async with browser.session.post(f"{here.origin}/oauth2/token", data=form, headers=headers) as answer:
        return answer.status, await answer.json()


async def signed_in(here: PoolSite, browser: Visitor, email: str = "ada@example.com", **changes: str | None) -> Any:
    """The token endpoint's answer to the command line's client."""
    code = (await picked(here, browser, email, **changes)).asked["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CLI_CALLBACK, "code_verifier": VERIFIER}
    status, answer = await token(here, browser, {**form, "client_id": here.client("cli").id})
    assert status == 200, answer
    return answer


async def refreshed(here: PoolSite, browser: Visitor, refresh_token: str) -> tuple[int, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": here.client("cli").id}
    return await token(here, browser, form)


async def verified(here: PoolSite, text: str) -> dict[str, Any]:
    """Verified by the keys at the address that AWS gives a pool, in its place on this machine."""
    public = f"https://cognito-idp.us-east-1.amazonaws.com/{here.pool.pool_id}/.well-known/jwks.json"
    async with aiohttp.ClientSession() as session, session.get(here.addresses.local(public)) as answer:
        keys = {key["kid"]: key for key in (await answer.json())["keys"]}
    assert jwt.get_unverified_header(text).keys() == {"alg", "kid"}
    key = jwt.PyJWK(keys[jwt.get_unverified_header(text)["kid"]])
    unchecked: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    return jwt.decode(text, key, ["RS256"], unchecked, issuer=here.pool.issuer_url)
