"""The manifest's envelope: signed over its exact bytes, so that nobody has to parse what he does not trust yet.

Source: DSSE v1, github.com/secure-systems-lab/dsse, protocol.md and envelope.md (read 2026-11-21).
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from opencode_stacks.publishing.refusal import NotPublished
from opencode_stacks.publishing.signing import Signer

PAYLOAD_TYPE = "application/vnd.opencode-auth.release+json"
KEY_ID_DIGITS = 16


class Untrusted(NotPublished):
    """An envelope that none of the trusted keys has signed, or that is none."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the manifest that is published cannot be trusted: {why}; find out who wrote it and put an earlier "
            "version of it back in the bucket, which keeps all of them"
        )


def signed_bytes(body: bytes) -> bytes:
    """What a signature is over: DSSE's "PAE", which binds the type and both lengths."""
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(body), body)


def key_id(public_key: bytes) -> str:
    """The first 16 hex digits of the SHA-256 of the raw key."""
    return sha256(public_key).hexdigest()[:KEY_ID_DIGITS]


def sealed(body: bytes, signers: Sequence[Signer], beside: Mapping[str, Any]) -> bytes:
    """The envelope's bytes. `beside` is unsigned: fields for clients that cannot read what is signed."""
    message = signed_bytes(body)
    signatures = [
        {"keyid": key_id(signer.public_key), "sig": b64encode(signer.sign(message)).decode()} for signer in signers
    ]
    envelope = {"payloadType": PAYLOAD_TYPE, "payload": b64encode(body).decode(), "signatures": signatures}
    return json.dumps({**envelope, **beside}, ensure_ascii=False).encode() + b"\n"


def opened(envelope: bytes, public_keys: Sequence[str]) -> bytes:
    """The bytes that one of the keys has signed; keys are standard base64 of 32 bytes. Raises Untrusted."""
    try:
        found = json.loads(envelope)
        body = b64decode(found["payload"], validate=True)
        signatures = [b64decode(one["sig"], validate=True) for one in found["signatures"]]
        is_ours = found["payloadType"] == PAYLOAD_TYPE
    except (ValueError, KeyError, TypeError) as error:
        raise Untrusted("it is no signed envelope") from error
    if not is_ours:
        raise Untrusted(f"it holds {found['payloadType']!r}, not {PAYLOAD_TYPE!r}")
    message = signed_bytes(body)
    if not any(is_signed(message, one, b64decode(key)) for one in signatures for key in public_keys):
        raise Untrusted("no key in release_keys has signed it")
    return body


def is_signed(message: bytes, signature: bytes, public_key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
