"""The part of a sign-in between a load balancer and a browser: to the provider, and back to where it came from.

Source: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer" (read
2026-11-21). The cookie AWSALBAuthNonce binds a sign-in to the browser that began it.
"""

import asyncio
import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from aiohttp import web
from yarl import URL

from opencode_local.balancer import answers
from opencode_local.balancer.identity_providers import Provider
from opencode_local.balancer.request_target import origin_form
from opencode_local.balancer.session_cookies import Place, SessionCookies, SignedIn, cookie_attributes
from opencode_local.balancer.token_exchange import SignInFailed, TokenExchange

CALLBACK_PATH = "/oauth2/idpresponse"
NONCE_COOKIE = "AWSALBAuthNonce"
NONCE_CHARACTERS = 16
LOGIN_TIMEOUT_S = 15 * 60
"""How long a person may take; AWS lets nobody change it."""
MAX_ATTEMPTS = 10_000
"""Begun and not ended; the oldest are forgotten."""
REFRESH_MEMORY_S = 60
"""Requests that a browser sent at once, with the same spent token, share one refresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A browser that was sent to a provider."""

    provider: Provider
    place: Place
    nonce: str
    origin: str
    path: str
    """Where it wanted to go, query included."""
    ends_s: float

    @property
    def redirect_uri(self) -> str:
        return self.origin + CALLBACK_PATH


class SignIns:
    """All sign-ins and sessions of a run."""

    def __init__(self, exchange: TokenExchange, clock: Callable[[], float]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._cookies = SessionCookies()
        self._attempts: dict[str, Attempt] = {}
        self._refreshes: dict[bytes, tuple[float, asyncio.Task[SignedIn | None]]] = {}

    async def present(
        self, request: web.Request, provider: Provider, place: Place
    ) -> tuple[SignedIn | None, list[str]]:
        """Who sends this request, and the cookies to set if that had to be asked anew.

        With an access token that has expired the provider is asked whether the person is still signed in; a session
        without refresh token simply lasts until it times out.
        """
        now_s = self._clock()
        session = self._cookies.opened(request.cookies, place, now_s)
        if session is None or session.refresh_token is None or now_s < session.access_ends_s:
            return session, []
        fresh = await self._refreshed(provider, session, session.refresh_token)
        return fresh, self._set_cookies(request, fresh, place) if fresh else []

    def begun(self, request: web.Request, provider: Provider, place: Place) -> web.Response:
        """The redirect to the provider. Raises SignInFailed for a request without Host."""
        if "Host" not in request.headers:
            raise SignInFailed(401, "AuthMissingHostHeader")
        state, nonce = secrets.token_urlsafe(32), self._nonce(request)
        attempt = Attempt(
            provider=provider,
            place=place,
            nonce=nonce,
            origin=f"{'https' if is_encrypted(request) else 'http'}://{request.headers['Host']}",
            path=origin_form(request),
            ends_s=self._clock() + LOGIN_TIMEOUT_S,
        )
        self._remember(state, attempt)
        asked = {
            "client_id": provider.client_id,
            "redirect_uri": attempt.redirect_uri,
            "response_type": "code",
            "scope": provider.scope,
            "state": state,
        }
        location = URL(provider.authorization_endpoint).update_query({**provider.extra_params, **asked})
        cookie = f"{NONCE_COOKIE}={nonce}{cookie_attributes(None, is_secure=is_encrypted(request))}"
        return redirect(str(location), [cookie])

    async def finished(self, request: web.Request) -> web.Response:
        """The browser is back: to where it wanted to go, with a session. Raises SignInFailed."""
        attempt = self._attempt(request)
        refusal, code = request.query.get("error"), request.query.get("code")
        if refusal:
            raise SignInFailed(401 if refusal == "access_denied" else 561, f"provider says {refusal}")
        if not code:
            raise SignInFailed(401, "AuthMissingCodeParam")
        session = await self._exchange.redeemed(attempt.provider, code, attempt.redirect_uri)
        return redirect(attempt.origin + attempt.path, self._set_cookies(request, session, attempt.place))

    async def stop(self) -> None:
        running = [task for _, task in self._refreshes.values() if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def is_known(self, request: web.Request) -> bool:
        """Whether the request comes back from a sign-in that was begun here."""
        return request.query.get("state", "") in self._attempts

    def _attempt(self, request: web.Request) -> Attempt:
        """Taken once, by the browser that began it; a stranger's try leaves it there."""
        state, nonce = request.query.get("state"), request.cookies.get(NONCE_COOKIE)
        if not state:
            raise SignInFailed(401, "AuthMissingStateParam")
        attempt = self._attempts.get(state)
        if attempt is None or self._clock() >= attempt.ends_s:
            raise SignInFailed(401, "AuthInvalidStateParam")
        if not nonce:
            raise SignInFailed(401, "AuthMissingAWSALBAuthNonce")
        if not compare_digest(nonce.encode(), attempt.nonce.encode()):
            raise SignInFailed(401, "AuthInvalidAWSALBAuthNonce")
        return self._attempts.pop(state)

    def _nonce(self, request: web.Request) -> str:
        """The browser's own while it signs in already, in another tab or for another part of a page."""
        sent, now_s = request.cookies.get(NONCE_COOKIE), self._clock()
        if any(sent == attempt.nonce and now_s < attempt.ends_s for attempt in self._attempts.values()):
            return str(sent)
        return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(NONCE_CHARACTERS))

    def _remember(self, state: str, attempt: Attempt) -> None:
        while len(self._attempts) >= MAX_ATTEMPTS:
            del self._attempts[next(iter(self._attempts))]
        self._attempts[state] = attempt

    async def _refreshed(self, provider: Provider, session: SignedIn, refresh_token: str) -> SignedIn | None:
        now_s, key = self._clock(), sha256(refresh_token.encode()).digest()
        self._refreshes = {
            known: (since_s, task)
            for known, (since_s, task) in self._refreshes.items()
            if not task.done() or now_s - since_s < REFRESH_MEMORY_S
        }
        if key not in self._refreshes:
            self._refreshes[key] = now_s, asyncio.create_task(self._refresh(provider, session))
        return await asyncio.shield(self._refreshes[key][1])

    async def _refresh(self, provider: Provider, session: SignedIn) -> SignedIn | None:
        """None where the provider does not say that the person is still signed in."""
        try:
            return await self._exchange.refreshed(provider, session)
        except SignInFailed:
            return None

    def _set_cookies(self, request: web.Request, session: SignedIn, place: Place) -> list[str]:
        return self._cookies.sealed(session, place, request.cookies, is_secure=is_encrypted(request))


def is_encrypted(request: web.Request) -> bool:
    """By its connection: aiohttp believes a request line that names a scheme."""
    return request.get_extra_info("ssl_object") is not None


def redirect(location: str, set_cookies: Sequence[str]) -> web.Response:
    response = answers.error(302)
    response.headers["Location"] = location
    for cookie in set_cookies:
        response.headers.add("Set-Cookie", cookie)
    return response
