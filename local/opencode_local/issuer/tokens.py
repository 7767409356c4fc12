"""JWTs: minted for a sign-in, read back when someone brings one."""

import secrets
from collections.abc import Callable
from typing import Any

from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.errors import JoseError

from opencode_local.issuer.clients import Client, Use
from opencode_local.issuer.dialect import Claims, Dialect
from opencode_local.issuer.keys import ALGORITHM, SigningKeys
from opencode_local.issuer.people import Presence, User
from opencode_local.issuer.store import SignIn, new_sign_in


class Unreadable(ValueError):
    """The text is no JWT of the wanted use, signed by a key that is still published here."""


class Tokens:
    """Access and ID tokens of one issuer, in its dialect."""

    def __init__(
        self, keys: SigningKeys, dialect: Dialect, *, origin: str, life_s: int, clock: Callable[[], float]
    ) -> None:
        self.origin = origin
        self.issuer = origin + dialect.issuer_path
        self.life_s = life_s
        self._dialect = dialect
        self._keys = keys
        self._clock = clock

    def access(self, sign_in: SignIn, scope: str, *, life_s: int | None = None, **more: Any) -> str:
        """`more` goes over the usual claims; what is None is left out."""
        return self._minted("access", sign_in, life_s, {**self._dialect.access_claims(sign_in, scope), **more})

    def id(
        self,
        sign_in: SignIn,
        *,
        access_token: str | None = None,
        nonce: str | None = None,
        life_s: int | None = None,
        **more: Any,
    ) -> str:
        """`nonce` is the client's own; None where it sent none, and on a refresh (OpenID Connect Core, 12.2)."""
        at_hash = create_half_hash(access_token, ALGORITHM).decode() if access_token else None
        own = {"at_hash": at_hash, "nonce": nonce}
        return self._minted("id", sign_in, life_s, {**self._dialect.id_claims(sign_in), **own, **more})

    def signed_in(self, use: Use, user: User, client: Client, *, life_s: int | None = None, **more: Any) -> str:
        """The token that this person would get by signing in to this client now."""
        now_s = int(self._clock())
        presence = Presence(user=user, since_s=now_s)
        sign_in = new_sign_in(presence, client_id=client.client_id, scope=client.default_scope, now_s=now_s)
        lasts_s = client.life_s.get(use) if life_s is None else life_s
        if use == "access":
            return self.access(sign_in, sign_in.scope, life_s=lasts_s, **more)
        return self.id(sign_in, life_s=lasts_s, **more)

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

    def _minted(self, use: Use, sign_in: SignIn, life_s: int | None, claims: Claims) -> str:
        now_s = int(self._clock())
        every = {
            "iss": self.issuer,
            "iat": now_s,
            "nbf": now_s,
            "exp": now_s + (self.life_s if life_s is None else life_s),
            "jti": secrets.token_urlsafe(16),
            "token_use": use,
            self._dialect.family_claim: sign_in.id,
            **claims,
        }
        key = self._keys.signing
        header = {"alg": ALGORITHM, "kid": key.kid}
        return jwt.encode(header, present(every), key, default_type=self._dialect.header_types[use])


def present(members: Claims) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
