"""A sign-in from its start to the kept tokens, in the three ways that a person can answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opencode_auth import backoff, clock, notice, store
from opencode_auth.errors import ClientError, SignInFailed
from opencode_auth.files import Locked, lock
from opencode_auth.gateway import GatewaySettings
from opencode_auth.oauth import authorization, device, grants, id_token
from opencode_auth.oauth.authorization import Attempt
from opencode_auth.oauth.provider import Provider, provider
from opencode_auth.paths import state_folder
from opencode_auth.store import SignIn
from opencode_auth.tokens import LOCK_TIMEOUT_S, renewed

Say = Callable[[str], None]
"""Tells the person something."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a way gave; `nonce` is None where the way has none."""

    grant: grants.Grant
    nonce: str | None


Way = Callable[[Provider, Sequence[str]], Answered]


def by_browser(ports: Sequence[int], open_page: Callable[[str], bool], say: Say, *, timeout_s: float) -> Way:
    """The browser of this machine, which comes back to 127.0.0.1."""

    def way(asked: Provider, scopes: Sequence[str]) -> Answered:
        from opencode_auth.oauth.callback import listening  # noqa: PLC0415  start-up

        with listening(ports) as callback:
            attempt = Attempt(redirect_uri=callback.redirect_uri)
            url = authorization.sign_in_url(asked, attempt, scopes)
            if open_page(url):
                say(f"Sign in in the browser. If none has opened, go to\n{url}")
            else:
                say(f"Open this address in a browser on this machine, or use --device from elsewhere:\n{url}")
            answer = callback.answer(attempt, timeout_s=timeout_s)
        return redeemed(asked, attempt, answer)

    return way


def by_paste(ports: Sequence[int], ask: Callable[[str], str], say: Say) -> Way:
    """A browser anywhere; the person brings back the address at which it ended."""

    def way(asked: Provider, scopes: Sequence[str]) -> Answered:
        attempt = Attempt(redirect_uri=f"http://127.0.0.1:{(*ports, ANY_PORT)[0]}/callback")
        url = authorization.sign_in_url(asked, attempt, scopes)
        say(f"Open this address in any browser and sign in:\n{url}\nThe browser ends at a page that does not load.")
        pasted = ask("Its address, http://127.0.0.1...")
        return redeemed(asked, attempt, authorization.parameters(pasted.strip().partition("?")[2]))

    return way


def by_device(say: Say) -> Way:
    """A browser anywhere, and a short code."""

    def way(asked: Provider, scopes: Sequence[str]) -> Answered:
        begun = device.begun(asked, scopes)
        say(f"Open {begun.verification_uri} in any browser and type {begun.user_code}")
        if begun.complete_uri:
            say(f"or open {begun.complete_uri} and compare the code.")
        return Answered(grant=device.answered(asked, begun), nonce=None)

    return way


ANY_PORT = 49152
"""Where nothing listens: the browser only carries the answer in its address bar."""


def redeemed(asked: Provider, attempt: Attempt, answer: dict[str, str]) -> Answered:
    code = authorization.code(asked, attempt, answer)
    return Answered(grant=grants.redeem(asked, attempt, code), nonce=attempt.nonce)


def sign_in(settings: GatewaySettings, way: Way) -> SignIn:
    """The sign-in, checked and kept. One at a time: a second one would open a second page.

    Raises SignInFailed, Unreachable, KeychainLocked, Misused.
    """
    try:
        with lock(state_folder() / "login.lock", timeout_s=0):
            store.prepare()
            asked = provider(settings)
            found = checked(settings, asked, way(asked, settings.scopes))
            with lock(state_folder() / "refresh.lock", timeout_s=LOCK_TIMEOUT_S):
                store.save(found)
                backoff.succeeded()
                notice.settled()
    except Locked as error:
        raise ClientError("another sign-in is waiting", hint="finish that one, or end it with Ctrl-C") from error
    return found


def checked(settings: GatewaySettings, asked: Provider, answered: Answered) -> SignIn:
    """Raises SignInFailed for an ID token that does not hold, or for a missing one that was asked for."""
    grant = answered.grant
    if grant.id_token is None:
        raise SignInFailed("the provider gave no ID token", hint="ask for the scope openid")
    claims = id_token.verified(asked, grant.id_token, nonce=answered.nonce, access_token=grant.access_token)
    told = {name: value if isinstance(value := claims.get(name), str) else None for name in ("email", "name")}
    now_s = clock.now_s()
    blank = SignIn(
        api_url=settings.api_url,
        issuer=asked.issuer,
        client_id=asked.client_id,
        token_endpoint=asked.token_endpoint,
        revocation_endpoint=asked.revocation_endpoint,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        scope=" ".join(settings.scopes),
        is_renewed=False,
        issued_s=now_s,
        expires_s=now_s,
        refresh_due_s=now_s,
        subject=claims["sub"],
        email=told["email"],
        name=told["name"],
    )
    return renewed(blank, grant)
