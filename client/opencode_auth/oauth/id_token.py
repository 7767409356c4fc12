"""The ID token, verified: who signed in, at which provider, to which client, in which attempt.

Source: OpenID Connect Core 1.0, 3.1.3.7 and 3.1.3.6 (read 2026-11-21).
"""

import base64
import hashlib
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from opencode_auth import clock, web
from opencode_auth.errors import SignInFailed, Unreachable
from opencode_auth.oauth.provider import Provider

ALGORITHMS = ("RS256", "ES256")
LEEWAY_S = 300.0
"""How far this machine's clock may be off."""


def verified(provider: Provider, id_token: str, *, nonce: str | None, access_token: str) -> Mapping[str, Any]:
    """Its claims; `nonce` is None where none was sent. Raises SignInFailed, Unreachable without the provider's keys."""
    claims = signed(id_token, web.fetch(provider.jwks_url))
    for name, is_good in {
        "iss": claims.get("iss") == provider.issuer,
        "aud": is_for(claims, provider.client_id),
        "sub": isinstance(claims.get("sub"), str) and bool(claims["sub"]),
        "nonce": nonce is None or is_same(claims.get("nonce"), nonce),
        "at_hash": "at_hash" not in claims or is_same(claims["at_hash"], half_hash(access_token)),
    }.items():
        if not is_good:
            raise SignInFailed(f"the ID token is not for this sign-in ({name}): refused")
    check_times(claims)
    return claims


def signed(id_token: str, key_set: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims of a token that one of the keys signed. Raises SignInFailed, Unreachable for keys that are none."""
    from joserfc import jwt  # noqa: PLC0415  start-up
    from joserfc.errors import JoseError  # noqa: PLC0415  start-up
    from joserfc.jwk import KeySet  # noqa: PLC0415  start-up

    try:
        keys = KeySet.import_key_set(key_set)  # type: ignore[arg-type]  # the provider's JSON, checked by the import
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unreachable("the provider's keys cannot be read") from error
    try:
        claims: Mapping[str, Any] = jwt.decode(id_token, keys, algorithms=[*ALGORITHMS]).claims
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise SignInFailed("the ID token was not signed by the provider: refused") from error
    return claims


def is_for(claims: Mapping[str, Any], client_id: str) -> bool:
    """Several audiences need `azp`, the party that the token was issued to."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return client_id in audiences and claims.get("azp", client_id if len(audiences) == 1 else None) == client_id


def is_same(value: object, expected: str) -> bool:
    return isinstance(value, str) and compare_digest(value.encode(), expected.encode())


def half_hash(access_token: str) -> str:
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def check_times(claims: Mapping[str, Any]) -> None:
    """Raises SignInFailed; a new token that is old or not yet valid means that a clock is wrong."""
    now_s = clock.now_s()
    expires_s, issued_s = claims.get("exp"), claims.get("iat")
    if not isinstance(expires_s, int | float) or not isinstance(issued_s, int | float):
        raise SignInFailed("the ID token does not say when it was made (exp, iat): refused")
    if now_s > expires_s + LEEWAY_S or now_s < issued_s - LEEWAY_S:
        off_s = round(now_s - issued_s)
        raise SignInFailed(f"the clock of this machine and the provider's differ by {off_s} s", hint="set the clock")
