"""The one place that hands out access tokens: fresh, refreshed once for all processes, or not at all.

A refresh is due at about 80 % of a token's life. Only one process refreshes at a time; the others wait for its lock and
then find the new token. Failures are written down, so that all processes share one capped back-off. No browser is
opened here: where only the person can go on, SignInNeeded says so.
"""

import os
import random
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from opencode_auth import backoff, clock, gateway, store
from opencode_auth.errors import Misused, SignInNeeded, Unreachable
from opencode_auth.files import lock
from opencode_auth.gateway import GatewaySettings
from opencode_auth.paths import state_folder
from opencode_auth.store import SignIn

if TYPE_CHECKING:
    from opencode_auth.oauth.grants import Grant

API_KEY_VARIABLE = "OPENCODE_API_KEY"
MINIMUM_LEFT_S = 60.0
REFRESH_AT = (0.75, 0.85)
"""Shares of a token's life between which it is refreshed: each machine at its own moment."""
MOST_ASKED_OF_LIFE = 0.5
"""A caller that asks for more than this share of a token's life would have it refreshed all the time."""
CLOCK_SLACK_S = 60.0
REJECTION_PAUSE_S = 30.0
"""A refreshed token this young that the gateway rejects is not the reason; another one would be rejected too."""
LOCK_TIMEOUT_S = 60.0
ENDINGS = ("invalid_grant", "interaction_required", "login_required", "consent_required", "access_denied")
"""OAuth errors after which only the person can go on; others may be a fault of the provider's set-up."""


def api_key() -> str | None:
    """The key in the environment, which takes the place of a sign-in everywhere. Raises Misused for what is no key."""
    key = os.environ.get(API_KEY_VARIABLE, "").strip()
    if key and not store.TOKEN.fullmatch(key):
        raise Misused(f"{API_KEY_VARIABLE} holds something that is no key: it has a space or a control character in it")
    return key or None


def access_token(*, minimum_left_s: float = MINIMUM_LEFT_S, rejected: str | None = None) -> str:
    """A token, or the key of the environment, that is good for at least so many seconds (up to half of a token's life).

    `rejected` is a token that the gateway did not accept: it is replaced once even though it looks fresh. Raises
    SignInNeeded where only the person can go on, Unreachable while the provider does not answer, KeychainLocked,
    Misused.
    """
    key = api_key()
    if key:
        return key
    settings = gateway.saved()
    sign_in = current(settings)
    if is_fresh(sign_in, minimum_left_s) and not is_rejected(sign_in, rejected):
        return sign_in.access_token
    with lock(state_folder() / "refresh.lock", timeout_s=LOCK_TIMEOUT_S):
        sign_in = current(settings)  # another process may have refreshed meanwhile
        if is_fresh(sign_in, minimum_left_s) and not is_rejected(sign_in, rejected):
            return sign_in.access_token
        return refreshed(sign_in, minimum_left_s, rejected).access_token


def current(settings: GatewaySettings) -> SignIn:
    """The sign-in that is kept for this gateway. Raises SignInNeeded without one, KeychainLocked, Misused."""
    sign_in = store.load()
    if sign_in is None:
        raise SignInNeeded("nobody is signed in")
    if (sign_in.api_url, sign_in.issuer, sign_in.client_id) != (settings.api_url, settings.issuer, settings.client_id):
        raise SignInNeeded(f"the sign-in is for {sign_in.api_url}, not for {settings.api_url}")
    return sign_in


def is_fresh(sign_in: SignIn, minimum_left_s: float) -> bool:
    """A clock that was set back behind the sign-in makes its times worthless."""
    now_s = clock.now_s()
    is_sane = now_s >= sign_in.issued_s - CLOCK_SLACK_S
    return is_sane and now_s < sign_in.refresh_due_s and lasts(sign_in, minimum_left_s)


def lasts(sign_in: SignIn, minimum_left_s: float) -> bool:
    return sign_in.expires_s - clock.now_s() >= min(minimum_left_s, sign_in.life_s * MOST_ASKED_OF_LIFE)


def is_rejected(sign_in: SignIn, rejected: str | None) -> bool:
    is_young = sign_in.is_renewed and 0 <= clock.now_s() - sign_in.issued_s < REJECTION_PAUSE_S
    return sign_in.access_token == rejected and not is_young


def refreshed(sign_in: SignIn, minimum_left_s: float, rejected: str | None) -> SignIn:
    """The next sign-in, kept; the present one while it still lasts and no next one is to be had.

    Called with the lock held. Raises SignInNeeded, Unreachable.
    """
    from opencode_auth.oauth import grants  # noqa: PLC0415  start-up

    still_good = sign_in if lasts(sign_in, minimum_left_s) and sign_in.access_token != rejected else None
    if sign_in.refresh_token is None:
        return still_good or needs_person(sign_in)
    pause_s = backoff.current().left_s()
    if pause_s:
        return still_good or unanswered(f"the provider did not answer before; next try in {pause_s:.0f} s")
    store.save(sign_in)  # a folder that cannot be written must not cost a refresh token that works once
    try:
        grant = grants.refresh(sign_in.token_endpoint, sign_in.client_id, sign_in.refresh_token)
    except (Unreachable, grants.Refused) as error:
        if isinstance(error, grants.Refused) and error.code in ENDINGS:
            store.save(replace(sign_in, refresh_token=None))
            return still_good or needs_person(sign_in)
        pause_s = backoff.failed(error.retry_after_s).left_s()
        return still_good or unanswered(f"{error.message}; next try in {pause_s:.0f} s")
    following = replace(renewed(sign_in, grant), is_renewed=True)
    store.save(following)
    backoff.succeeded()
    return following


def renewed(sign_in: SignIn, grant: "Grant") -> SignIn:
    """With the grant's tokens and times."""
    now_s = clock.now_s()
    share = random.uniform(*REFRESH_AT)  # noqa: S311  spreads load, guards nothing
    return replace(
        sign_in,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token or sign_in.refresh_token,
        scope=grant.scope or sign_in.scope,
        issued_s=now_s,
        expires_s=now_s + grant.life_s,
        refresh_due_s=now_s + grant.life_s * share,
    )


def needs_person(sign_in: SignIn) -> NoReturn:
    raise SignInNeeded(f"the sign-in of {sign_in.email or sign_in.subject} has ended")


def unanswered(message: str) -> NoReturn:
    raise Unreachable(message, hint="opencode-auth doctor")
