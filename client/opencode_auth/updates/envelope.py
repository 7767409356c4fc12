"""The signed envelope around a release's manifest: DSSE with Ed25519.

Source: Dead Simple Signing Envelope v1, protocol.md and envelope.md (read 2026-11-21); RFC 8032.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_auth.errors import ClientError

PAYLOAD_TYPE = "application/vnd.opencode-auth.release+json"
KEY_ID_DIGITS = 16
MOST_SIGNATURES = 20
"""More than a release has, and few enough to be tried."""


class Untrusted(ClientError):
    """A release that nobody vouches for whom this machine trusts; nothing was changed."""

    def __init__(self, message: str, *, hint: str = "tell whoever runs the gateway") -> None:
        super().__init__(f"{message}; nothing was changed", hint=hint)


def opened(envelope: Mapping[str, Any], keys: Sequence[str]) -> bytes:
    """The payload, which one of the keys has signed (each standard base64 of 32 bytes). Raises Untrusted."""
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        raise Untrusted("the release is not in a signed envelope")
    payload = decoded(envelope.get("payload"))
    signatures = envelope.get("signatures")
    if payload is None or not isinstance(signatures, list):
        raise Untrusted("the release's envelope is not whole")
    signed = pae(PAYLOAD_TYPE, payload)
    trusted = {key_id(raw): raw for raw in map(base64.b64decode, keys)}
    if not any(is_signature(each, signed, trusted) for each in signatures[:MOST_SIGNATURES]):
        raise Untrusted("the release is not signed by a key that was pinned at set-up")
    return payload


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def key_id(raw: bytes) -> str:
    """Of a public key's 32 bytes. It only chooses the key: the signature decides."""
    return hashlib.sha256(raw).hexdigest()[:KEY_ID_DIGITS]


def is_signature(entry: object, signed: bytes, trusted: Mapping[str, bytes]) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  start-up
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415  start-up

    if not isinstance(entry, dict):
        return False
    raw, signature = trusted.get(str(entry.get("keyid"))), decoded(entry.get("sig"))
    if raw is None or signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def decoded(text: object) -> bytes | None:
    """None for what is not standard base64."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except ValueError:
        return None
