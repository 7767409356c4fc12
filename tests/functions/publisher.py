"""Releases as they are published: a manifest, signed, and the wheel that it lists."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TYPE = "application/vnd.opencode-auth.release+json"
WHEEL = b"the content of a wheel"
WHEEL_NAME = "opencode_auth-1.2.0-py3-none-any.whl"
LINUX_NAME = "opencode-auth-1.2.0-linux-x86_64"
ARTIFACTS = [
    {
        "name": WHEEL_NAME,
        "kind": "wheel",
        "platform": "any",
        "size": len(WHEEL),
        "sha256": hashlib.sha256(WHEEL).hexdigest(),
    },
    {"name": LINUX_NAME, "kind": "executable", "platform": "linux-x86_64", "size": 12_400_000, "sha256": "ab" * 32},
]
MANIFEST: dict[str, Any] = {
    "sequence": 7,
    "version": "1.2.0",
    "published": "2026-11-21T12:00:00Z",
    "minimum": "1.0.0",
    "critical": False,
    "message": "Quicker & smaller",
    "config_version": 3,
    "config": {},
    "artifacts": ARTIFACTS,
    "history": [
        {"version": "1.2.0", "published": "2026-11-21T12:00:00Z", "message": "Quicker & smaller"},
        {"version": "1.1.0", "published": "2026-10-03T09:30:00Z", "message": "First for Windows"},
    ],
    "keys": [],
}


class Publisher:
    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def written_key(self) -> str:
        return base64.b64encode(self.public_key).decode()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def envelope(self, changes: Mapping[str, Any] | None = None, *, kind: str = TYPE, **beside: Any) -> bytes:
        """Of a good manifest but for the changes; `beside` are fields that are not signed."""
        payload = json.dumps({**MANIFEST, **(changes or {})}).encode()
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        document = {
            "payloadType": kind,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": "0" * 16, "sig": base64.b64encode(self.sign(signed)).decode()}],
        }
        return json.dumps({**document, **beside}).encode()
