"""JWTs verified: signature, origin, audience and times."""

import hashlib
import time
from collections.abc import Callable

import jwt
from jwt.api_jws import PyJWS

from opencode_router.errors import Unauthenticated
from opencode_router.identity.caller import Caller
from opencode_router.identity.claims import TokenPolicy, VerifiedToken, refused, verified
from opencode_router.identity.expiring_map import ExpiringMap
from opencode_router.identity.jwk import VerificationKey
from opencode_router.identity.jwks import Jwks

ALGORITHMS = ("RS256", "ES256")
MAX_REMEMBERED_TOKENS = 10_000
ACCEPTED_S = 60
"""How long a verified token is not verified again; a withdrawn signing key works no longer than this."""
REFUSED_S = 10
"""How long a refusal is repeated without looking again."""

JWS = PyJWS(algorithms=ALGORITHMS)


class TokenVerifier:
    """Says who a token stands for. `now` gives seconds since the epoch."""

    def __init__(self, policy: TokenPolicy, jwks: Jwks, *, now: Callable[[], float] = time.time) -> None:
        self._policy = policy
        self._jwks = jwks
        self._now = now
        self._accepted: ExpiringMap[bytes, Caller] = ExpiringMap(limit=MAX_REMEMBERED_TOKENS, now=now)
        self._refused: ExpiringMap[bytes, Unauthenticated] = ExpiringMap(limit=MAX_REMEMBERED_TOKENS, now=now)

    async def caller(self, token: str) -> Caller:
        """Raises Unauthenticated (invalid_token, expired_token), Unavailable when the issuer's keys are not known."""
        fingerprint = hashlib.sha256(token.encode()).digest()
        if (caller := self._accepted.get(fingerprint)) is not None:
            return caller
        if (refusal := self._refused.get(fingerprint)) is not None:
            raise Unauthenticated(refusal.message, code=refusal.code)
        key = await self._key(token)
        now_s = self._now()
        try:
            token_now = self._verified(token, key, now_s)
        except Unauthenticated as error:
            remembered = Unauthenticated(error.message, code=error.code)  # without the traceback and its frames
            self._refused.put(fingerprint, remembered, until_s=now_s + REFUSED_S)
            raise
        self._accepted.put(fingerprint, token_now.caller, until_s=min(now_s + ACCEPTED_S, token_now.until_s))
        return token_now.caller

    async def ready(self) -> None:
        """Raises Unavailable."""
        await self._jwks.ready()

    async def close(self) -> None:
        await self._jwks.close()

    async def _key(self, token: str) -> VerificationKey:
        """The issuer's key that the token names; whatever key material the token itself brings is never read."""
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise refused("it is not a signed JWT") from error
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise refused(f"it must be signed with {' or '.join(ALGORITHMS)} (alg)")
        keys = await self._jwks.find(header.get("kid"))
        if not keys:
            raise refused("the issuer has no such key (kid)")
        for key in keys:
            if key.algorithm == algorithm:
                return key
        raise refused("its algorithm does not fit the key it names (alg, kid)")

    def _verified(self, token: str, key: VerificationKey, now_s: float) -> VerifiedToken:
        try:
            payload = JWS.decode_complete(token, key.public, algorithms=[key.algorithm])["payload"]
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise refused("its signature does not hold") from error
        return verified(payload, self._policy, now_s=now_s)
