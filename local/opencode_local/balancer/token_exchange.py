"""The part of a sign-in between a load balancer and a provider: codes and refresh tokens for tokens and claims.

Sources, read 2026-11-21: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer"
(the limit of 11K, the order of the steps), "Troubleshoot your Application Load Balancers" (statuses 401, 500 and 561)
and "Access logs for your Application Load Balancer" (the reasons). For claims that are too large the second names 401
and, with the number of 11 KB, 500; 500 is what a load balancer was seen to answer.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from opencode_local.balancer.identity_providers import Provider
from opencode_local.balancer.outgoing import Answer, TooLarge, Unreachable, ask
from opencode_local.balancer.session_cookies import SignedIn

MAX_SESSION_BYTES = 11 * 1024
"""Of the claims and the access token together."""
MAX_ANSWER_BYTES = 64 * 1024


class SignInFailed(Exception):
    """`status` is what the browser gets; `reason` is AWS's word for the access log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


class TokenExchange:
    """Asks providers, as a confidential client that shows its secret by HTTP Basic."""

    def __init__(self, session: aiohttp.ClientSession, clock: Callable[[], float]) -> None:
        self._session = session
        self._clock = clock

    async def redeemed(self, provider: Provider, code: str, redirect_uri: str) -> SignedIn:
        """Raises SignInFailed."""
        tokens = await self._tokens(
            provider, {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        )
        if "id_token" not in tokens:
            raise SignInFailed(401, "AuthInvalidTokenResponse")
        return await self._signed_in(provider, tokens, ends_s=self._clock() + provider.session_timeout_s)

    async def refreshed(self, provider: Provider, before: SignedIn) -> SignedIn:
        """The same session with fresh tokens and claims. Raises SignInFailed."""
        tokens = await self._tokens(
            provider, {"grant_type": "refresh_token", "refresh_token": str(before.refresh_token)}
        )
        kept = {"refresh_token": before.refresh_token, **tokens}
        after = await self._signed_in(provider, kept, ends_s=before.ends_s)
        if after.claims["sub"] != before.claims["sub"]:
            raise SignInFailed(561, "AuthInvalidUserinfoResponse")
        return after

    async def _signed_in(self, provider: Provider, tokens: Mapping[str, Any], *, ends_s: float) -> SignedIn:
        now_s = self._clock()
        sub = id_token_sub(tokens["id_token"], provider, now_s) if "id_token" in tokens else None
        access_token, refresh_token = tokens["access_token"], tokens.get("refresh_token")
        claims = await self._user_info(provider, access_token)
        if sub not in (None, claims["sub"]):
            raise SignInFailed(561, "AuthInvalidUserinfoResponse")
        if len(access_token) + len(msgspec.json.encode(claims)) > MAX_SESSION_BYTES:
            raise SignInFailed(500, "AuthUserinfoResponseSizeExceeded")
        life_s = tokens.get("expires_in")
        access_ends_s = now_s + life_s if isinstance(life_s, int | float) else ends_s
        return SignedIn(
            ends_s=ends_s,
            access_ends_s=access_ends_s,
            access_token=access_token,
            refresh_token=refresh_token if isinstance(refresh_token, str) else None,
            claims=claims,
        )

    async def _tokens(self, provider: Provider, form: Mapping[str, str]) -> Mapping[str, Any]:
        """The token endpoint's answer, with an access token in it for sure."""
        login = aiohttp.encode_basic_auth(quote(provider.client_id, safe=""), quote(provider.client_secret, safe=""))
        headers = {"Authorization": login}
        too_large = SignInFailed(401, "AuthInvalidTokenResponse")
        answer = await self._asked("Token", too_large, "POST", provider.token_endpoint, data=form, headers=headers)
        document = parsed(answer)
        if answer.status != 200:
            is_spent = document.get("error") == "invalid_grant"
            raise SignInFailed(*((401, "AuthInvalidGrantError") if is_spent else (561, "AuthTokenEpRequestFailed")))
        if not isinstance(document.get("access_token"), str):
            raise SignInFailed(561, "AuthInvalidTokenResponse")
        return document

    async def _user_info(self, provider: Provider, access_token: str) -> Mapping[str, Any]:
        """The person's claims, with a `sub` in them for sure."""
        bearer = {"Authorization": f"Bearer {access_token}"}
        too_large = SignInFailed(500, "AuthUserinfoResponseSizeExceeded")
        answer = await self._asked("Userinfo", too_large, "GET", provider.user_info_endpoint, headers=bearer)
        if answer.status != 200:
            raise SignInFailed(561, "AuthUserinfoEpRequestFailed")
        claims = parsed(answer)
        if not isinstance(claims.get("sub"), str):
            raise SignInFailed(561, "AuthInvalidUserinfoResponse")
        return claims

    async def _asked(self, endpoint: str, too_large: SignInFailed, method: str, url: str, **options: Any) -> Answer:
        try:
            return await ask(self._session, method, url, max_bytes=MAX_ANSWER_BYTES, **options)
        except Unreachable as error:
            raise SignInFailed(500, f"Auth{endpoint}EpRequestTimeout") from error
        except TooLarge as error:
            raise too_large from error


def parsed(answer: Answer) -> Mapping[str, Any]:
    """Empty for what is no JSON object."""
    try:
        return answer.document()
    except ValueError:
        return {}


def id_token_sub(token: Any, provider: Provider, now_s: float) -> str:
    """Who an ID token is about. Raises SignInFailed where it is not this provider's, for this client, now.

    Its signature is not looked at: it comes from the provider itself (OpenID Connect Core 1.0, 3.1.3.7, step 6).
    """
    try:
        claims = msgspec.json.decode(jws.extract_compact(str(token).encode()).payload)
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        is_good = claims["iss"] == provider.issuer and provider.client_id in audience and claims["exp"] > now_s
        sub = str(claims["sub"])
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise SignInFailed(401, "AuthInvalidIdToken") from error
    if not is_good:
        raise SignInFailed(401, "AuthInvalidIdToken")
    return sub
