"""JWTs: minted for a user, read back when someone brings one."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Literal

from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.errors import JoseError

from opencode_local.issuer.clients import DEFAULT_SCOPES
from opencode_local.issuer.keys import ALGORITHM, SigningKeys
from opencode_local.issuer.people import User
from opencode_local.issuer.store import SignIn

Use = Literal["access", "id"]
Claims = Mapping[str, Any]

HEADER_TYPES: Mapping[Use, str] = {"access": "at+jwt", "id": "JWT"}


class Unreadable(ValueError):
    """The text is no JWT of the wanted use, signed by a key that is still published here."""


class Tokens:
    """Access tokens in the manner of RFC 9068 and ID tokens of OpenID Connect Core, 2 (read 2026-11-21)."""

    def __init__(self, keys: SigningKeys, *, issuer: str, life_s: int, clock: Callable[[], float]) -> None:
        self.issuer = issuer
        self.life_s = life_s
        self._keys = keys
        self._clock = clock

    def access(self, sign_in: SignIn, scope: str) -> str:
        return self.minted("access", access_claims(sign_in.user, sign_in.client_id, scope), sid=sign_in.id)

    def id(self, sign_in: SignIn, *, access_token: str, nonce: str | None) -> str:
        """`nonce` is the client's own; None where it sent none, and on a refresh (OpenID Connect Core, 12.2)."""
        claims = id_claims(sign_in.user, sign_in.client_id)
        at_hash = create_half_hash(access_token, ALGORITHM).decode()
        return self.minted("id", claims, sid=sign_in.id, auth_time=sign_in.auth_time_s, at_hash=at_hash, nonce=nonce)

    def minted(self, use: Use, claims: Claims, *, life_s: int | None = None, **more: Any) -> str:
        """A signed JWT; `more` goes over `claims`, and what is None is left out."""
        now_s = int(self._clock())
        times = {"iat": now_s, "nbf": now_s, "exp": now_s + (self.life_s if life_s is None else life_s)}
        every = {"iss": self.issuer, **times, "jti": secrets.token_urlsafe(16), "token_use": use, **claims, **more}
        key = self._keys.signing
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": HEADER_TYPES[use]}
        return jwt.encode(header, {name: value for name, value in every.items() if value is not None}, key)

    def read(self, use: Use, token: str) -> dict[str, Any]:
        """The claims of a token of ours, expired or not. Raises Unreadable."""
        try:
            claims = jwt.decode(token, self._keys.published, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError) as error:
            raise Unreadable("the token was not signed here") from error
        if claims.get("iss") != self.issuer:
            raise Unreadable("the token is from another issuer")
        if claims.get("token_use") != use:
            raise Unreadable(f"the token is no {use} token")
        return dict(claims)


def access_claims(user: User, client_id: str, scope: str = DEFAULT_SCOPES) -> Claims:
    """`aud` is the client: the gateway is told one name whichever of the two tokens it gets."""
    return {
        "sub": user.sub,
        "aud": client_id,
        "client_id": client_id,
        "scope": scope,
        "email": user.email,
        "groups": list(user.groups),
    }


def id_claims(user: User, client_id: str) -> Claims:
    return {"aud": client_id, **profile(user)}


def profile(user: User) -> Claims:
    return {
        "sub": user.sub,
        "email": user.email,
        "email_verified": True,
        "name": user.name,
        "groups": list(user.groups),
    }
