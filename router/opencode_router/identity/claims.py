"""What a token whose signature holds must say, and what it tells about the caller.

Source: RFC 7519, 4.1; for `token_use` and `client_id` the Amazon Cognito developer guide, "Verifying a JSON web
token" (read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from opencode_router.errors import Unauthenticated
from opencode_router.identity.caller import Caller

SKEW_S = 60
"""How far the issuer's clock and ours may be apart."""
MAX_SUBJECT_CHARACTERS = 256
MAX_NAME_CHARACTERS = 256

GROUP_CLAIMS = ("groups", "cognito:groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """Which tokens are ours to accept."""

    issuer: str
    audiences: tuple[str, ...]
    audience_claim: str = "aud"
    """Cognito's access tokens have their audience in `client_id`."""
    token_uses: tuple[str, ...] = ()
    """Accepted values of `token_use`; empty: the claim is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """The caller, and the moment from which the token must not be accepted any more."""

    caller: Caller
    until_s: float


class Registered(Struct, frozen=True):
    iss: str
    sub: Annotated[str, Meta(min_length=1, max_length=MAX_SUBJECT_CHARACTERS)]
    exp: float
    nbf: float | None = None
    iat: float | None = None


def verified(payload: bytes, policy: TokenPolicy, *, now_s: float) -> VerifiedToken:
    """`payload` is the JSON of the claims. Raises Unauthenticated: invalid_token or expired_token."""
    try:
        claims = msgspec.json.decode(payload, type=dict[str, Any])
        registered = msgspec.convert(claims, Registered)
    except (ValueError, RecursionError) as error:
        raise refused(f"its claims are malformed: {error}") from error
    check_times(registered, now_s)
    check_origin(registered, claims, policy)
    caller = Caller(id=registered.sub, email=email(claims), name=name(claims), groups=groups(claims))
    return VerifiedToken(caller=caller, until_s=registered.exp + SKEW_S)


def check_times(claims: Registered, now_s: float) -> None:
    if now_s >= claims.exp + SKEW_S:
        raise Unauthenticated("the token has expired; sign in again", code="expired_token")
    if claims.nbf is not None and claims.nbf > now_s + SKEW_S:
        raise refused("it is not valid yet (nbf)")
    if claims.iat is not None and claims.iat > now_s + SKEW_S:
        raise refused("it was issued in the future (iat)")


def check_origin(registered: Registered, claims: Mapping[str, Any], policy: TokenPolicy) -> None:
    if registered.iss != policy.issuer:
        raise refused("it is from another issuer (iss)")
    if not registered.sub.isprintable():
        raise refused("its subject has unprintable characters (sub)")
    if not set(texts(claims.get(policy.audience_claim))) & set(policy.audiences):
        raise refused(f"it is meant for another audience ({policy.audience_claim})")
    if policy.token_uses and claims.get("token_use") not in policy.token_uses:
        raise refused("it is a token of another kind (token_use)")


def texts(claim: object) -> tuple[str, ...]:
    """A claim that is one string or a list of them."""
    values = claim if isinstance(claim, list) else [claim]
    return tuple(value for value in values if isinstance(value, str))


def email(claims: Mapping[str, Any]) -> str | None:
    """Only an address that the issuer does not call unverified; Cognito says so in a string."""
    address = claims.get("email")
    is_unverified = claims.get("email_verified") in (False, "false")
    return address if isinstance(address, str) and address.isprintable() and not is_unverified else None


def name(claims: Mapping[str, Any]) -> str | None:
    """For people to read. Source: OpenID Connect Core 1.0, 5.1 (read 2026-11-21)."""
    given = claims.get("name")
    is_fit = isinstance(given, str) and given.isprintable() and 0 < len(given) <= MAX_NAME_CHARACTERS
    return given if is_fit else None


def groups(claims: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(group for name in GROUP_CLAIMS for group in texts(claims.get(name)))


def refused(reason: str) -> Unauthenticated:
    return Unauthenticated(f"the token is not accepted: {reason}", code="invalid_token")
