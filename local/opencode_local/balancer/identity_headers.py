"""What a target is told of the person: the headers `x-amzn-oidc-*`, and the key that proves who wrote them.

Source: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer", "User claims
encoding and signature verification" (read 2026-11-21). Its JWTs keep the padding of base64, which other JWTs drop;
that the payload repeats `exp` and `iss` is not told there but seen.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from opencode_local.balancer.session_cookies import Place, SignedIn

ACCESS_TOKEN = "x-amzn-oidc-accesstoken"  # noqa: S105  the name of a header
IDENTITY = "x-amzn-oidc-identity"
DATA = "x-amzn-oidc-data"
LIFE_S = 120
HALF_BYTES = 32
"""Of a signature on P-256."""


class IdentityHeaders:
    """Written with one ES256 key of this run."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.key_id = str(uuid4())

    def public_key_pem(self) -> str:
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def of(self, session: SignedIn, place: Place) -> Mapping[str, str]:
        ends_s = int(self._clock()) + LIFE_S
        header = {
            "typ": "JWT",
            "kid": self.key_id,
            "alg": "ES256",
            "iss": place.issuer,
            "client": place.client_id,
            "signer": place.balancer_arn,
            "exp": ends_s,
        }
        return {
            ACCESS_TOKEN: session.access_token,
            IDENTITY: str(session.claims["sub"]),
            DATA: self._signed(header, {**session.claims, "exp": ends_s, "iss": place.issuer}),
        }

    def _signed(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        signed = b".".join(urlsafe_b64encode(msgspec.json.encode(part)) for part in (header, claims))
        halves = decode_dss_signature(self._key.sign(signed, ec.ECDSA(SHA256())))
        signature = b"".join(half.to_bytes(HALF_BYTES, "big") for half in halves)
        return (signed + b"." + urlsafe_b64encode(signature)).decode()
