"""The issuer's published keys, as far as we accept them.

Source: RFC 7517 (JSON Web Key) and RFC 7518, 3.1 and 6 (read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Meta, Raw, Struct

MAX_KEYS = 50
MIN_RSA_BITS = 2048
"""RFC 7518, 3.3: a key of 2048 bits or larger must be used."""

PublicKey = RSAPublicKey | EllipticCurvePublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationKey:
    """A key and the only algorithm it may be used with."""

    kid: str | None
    algorithm: str
    public: PublicKey


class JwkSet(Struct, frozen=True):
    keys: Annotated[list[Raw], Meta(max_length=MAX_KEYS)]


class Jwk(Struct, frozen=True):
    """The public members only: a private or symmetric key in the set is never read."""

    kty: str
    kid: str | None = None
    use: str | None = None
    alg: str | None = None
    crv: str | None = None
    n: str = ""
    e: str = ""
    x: str = ""
    y: str = ""


def rsa_members(key: Jwk) -> Mapping[str, str]:
    return {"kty": "RSA", "n": key.n, "e": key.e}


def ec_members(key: Jwk) -> Mapping[str, str]:
    return {"kty": "EC", "crv": "P-256", "x": key.x, "y": key.y}


KINDS = {
    ("RSA", None): ("RS256", rsa_members),
    ("EC", "P-256"): ("ES256", ec_members),
}
"""Key type and curve to algorithm; what is not here is not accepted."""


def verification_keys(document: bytes) -> tuple[VerificationKey, ...]:
    """The usable keys of a JWK set; entries of other kinds or for other uses are passed over.

    Raises ValueError when the document is no JWK set, too long, or without a usable key.
    """
    entries = msgspec.json.decode(document, type=JwkSet).keys
    keys = tuple(key for entry in entries if (key := verification_key(bytes(entry))) is not None)
    if not keys:
        raise ValueError("there is no RS256 or ES256 signing key in the JWK set")
    return keys


def verification_key(entry: bytes) -> VerificationKey | None:
    try:
        key = msgspec.json.decode(entry, type=Jwk)
        algorithm, members = KINDS[key.kty, key.crv]
        public = jwt.PyJWK(dict(members(key)), algorithm).key
    except (jwt.PyJWTError, ValueError, KeyError):
        return None
    if not is_for_signatures(key, algorithm) or not is_strong(public):
        return None
    return VerificationKey(kid=key.kid, algorithm=algorithm, public=public)


def is_for_signatures(key: Jwk, algorithm: str) -> bool:
    return key.use in (None, "sig") and key.alg in (None, algorithm)


def is_strong(public: PublicKey) -> bool:
    return not isinstance(public, RSAPublicKey) or public.key_size >= MIN_RSA_BITS
