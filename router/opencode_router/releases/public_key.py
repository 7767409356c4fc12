"""The keys that releases are signed with, as clients are told of them. Nothing is verified here."""

import base64
import binascii

KEY_BYTES = 32
"""Of a raw Ed25519 public key (RFC 8032, 5.1.5)."""


def required_public_key(text: str) -> str:
    """`text` itself. Raises ValueError unless it is the standard base64 of a raw key, the one way of writing it."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES or base64.b64encode(key).decode() != text:
        raise ValueError(f"release_keys: {text!r} must be the standard base64 of {KEY_BYTES} bytes")
    return text
