"""The load balancer before the functions: its events, and the header that says who has signed in."""

import base64
import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EVENTS = Path(__file__).parents[1] / "samples" / "events"
ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/dev/50dc6c495c0c9188"
CLIENT_ID = "1example23456789"
ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE"
SUBJECT = "5f1c3a52-0c7f-4a1e-9d53-2f3c1b7a9e10"
LIFE_S = 120
DATA = "x-amzn-oidc-data"


@cache
def sample(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((EVENTS / f"load_balancer_{name}.json").read_text())
    return found


def event(name: str, path: str, *, method: str = "GET", headers: Mapping[str, str | None]) -> dict[str, Any]:
    """A sample with another path, method and headers; a header that is None is left out."""
    made = {**copy.deepcopy(dict(sample(name))), "path": path, "httpMethod": method}
    for header, value in headers.items():
        made["multiValueHeaders"].pop(header, None)
        if value is not None:
            made["multiValueHeaders"][header] = [value]
    return made


class Balancer:
    """Signs with a key of its own."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.key_id = str(uuid4())

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def data(self, now_s: float, **claims: Any) -> str:
        """A good header, with these claims beside the usual ones."""
        return self._data({}, claims, now_s)

    def data_under(self, now_s: float, **header: Any) -> str:
        """Signed as a good one, but with other fields in its JOSE header."""
        return self._data(header, {}, now_s)

    def _data(self, header: Mapping[str, Any], claims: Mapping[str, Any], now_s: float) -> str:
        ends_s = int(now_s) + LIFE_S
        usual = {"typ": "JWT", "kid": self.key_id, "alg": "ES256", "iss": ISSUER, "client": CLIENT_ID}
        jose = {**usual, "signer": ARN, "exp": ends_s, **header}
        said = {"sub": SUBJECT, "name": "Ada Lovelace", "exp": ends_s, "iss": ISSUER, **claims}
        text = f"{part(jose)}.{part(said)}"
        return f"{text}.{self.signature(text)}"

    def signature(self, text: str) -> str:
        halves = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(SHA256())))
        return base64.urlsafe_b64encode(b"".join(half.to_bytes(32, "big") for half in halves)).decode()


def part(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()
