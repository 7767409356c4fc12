"""Who asks: one API key and one signed token, and what the upstream must know of them."""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bench.upstream import Facts
from opencode_router.identity import key_format
from opencode_router.identity.key_record import KeyRecord, item_of

AUDIENCE = "bench"
KEY_ID = "bench-1"
LIFETIME = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Both are of the same caller."""

    api_key: str
    token: str
    facts: Facts


def issued(issuer: str) -> Credentials:
    """New credentials, and the documents of the issuer at this URL that make them good."""
    signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    api_key, now = key_format.mint(), datetime.now(UTC)
    record = KeyRecord(
        key_hash=key_format.digest(api_key),
        key_prefix=key_format.prefix(api_key),
        caller_id="bench-user",
        caller_email="bench@example.com",
        description="bench",
        is_revoked=False,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    public = RSAAlgorithm.to_jwk(signing_key.public_key(), as_dict=True)
    return Credentials(
        api_key=api_key,
        token=jwt.encode(claims(issuer), signing_key, algorithm="RS256", headers={"kid": KEY_ID}),
        facts=Facts(
            issuer=issuer,
            jwks={"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]},
            key_hash=record.key_hash,
            key_item=dict(item_of(record)),
        ),
    )


def claims(issuer: str) -> dict[str, object]:
    now_s = int(time.time())
    return {
        "iss": issuer,
        "sub": "bench-user",
        "aud": AUDIENCE,
        "email": "bench@example.com",
        "iat": now_s,
        "exp": now_s + int(LIFETIME.total_seconds()),
        "jti": secrets.token_hex(8),
    }
