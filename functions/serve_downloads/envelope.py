"""Signed documents: DSSE, the Dead Simple Signing Envelope, with Ed25519.

Source: github.com/secure-systems-lab/dsse, envelope.md and protocol.md, version 1.0.2 (read 2026-11-21).
"""

import hashlib
import json
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecdsa import BadSignatureError, Ed25519, VerifyingKey

from serve_downloads.problems import UntrustedRelease

PAYLOAD_TYPE = "application/vnd.opencode-auth.release+json"
MAX_SIGNATURES = 8
"""Looked at: each costs milliseconds."""
KEY_ID_DIGITS = 16
REPEATED = {
    "latest": "version",
    "minimum": "minimum",
    "config_version": "config_version",
    "released": "published",
    "critical": "critical",
    "message": "message",
}
"""What the envelope says beside its signature, for clients that know none, and the manifest's field that it repeats."""


def key_id(key: bytes) -> str:
    """Of a raw public key; people see it as the key's fingerprint."""
    return hashlib.sha256(key).hexdigest()[:KEY_ID_DIGITS]


def verified_payload(envelope: bytes, keys: Sequence[bytes]) -> bytes:
    """The signed bytes, a JSON object.

    Raises UntrustedRelease unless one of the raw public keys signed them and nothing beside them says otherwise.
    """
    document = json_object(envelope)
    try:
        payload = b64decode(document["payload"], validate=True)
        kind, signatures = document["payloadType"], [*signatures_of(document)]
    except (ValueError, KeyError, TypeError) as error:
        raise UntrustedRelease("the envelope is malformed") from error
    if kind != PAYLOAD_TYPE:
        raise UntrustedRelease("the envelope holds no release")
    signed = pre_authentication_encoding(payload)
    if not any(is_signed_by(key, signature, signed) for signature in signatures for key in keys):
        raise UntrustedRelease("no trusted key signed the envelope")
    refuse_contradictions(document, payload)
    return payload


def refuse_contradictions(document: Mapping[str, Any], payload: bytes) -> None:
    """Raises UntrustedRelease: what older clients read without any signature must be what is signed."""
    signed = json_object(payload)
    wrong = [field for field, of in REPEATED.items() if field in document and document[field] != signed.get(of)]
    if wrong:
        raise UntrustedRelease(f"the envelope's {wrong[0]} is not what is signed")


def json_object(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UntrustedRelease("the envelope or what it holds is no JSON") from error
    if not isinstance(document, dict):
        raise UntrustedRelease("the envelope or what it holds is no JSON object")
    return document


def signatures_of(document: Any) -> Iterator[bytes]:
    for signature in document["signatures"][:MAX_SIGNATURES]:
        yield b64decode(signature["sig"], validate=True)


def pre_authentication_encoding(payload: bytes) -> bytes:
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def is_signed_by(key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        return bool(VerifyingKey.from_string(key, curve=Ed25519).verify(signature, signed))
    except (BadSignatureError, ValueError):
        return False
