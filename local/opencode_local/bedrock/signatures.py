"""Marks on reasoning that only this stand-in can make, so that altered or invented reasoning is refused.

The key is a constant: a conversation started before a restart goes on after it.
"""

import base64
import hmac
from hashlib import sha256

KEY = b"opencode-local bedrock stand-in"


def signature(text: str) -> str:
    return _mac(b"reasoning", text.encode())


def is_ours(text: str, claimed: str) -> bool:
    return hmac.compare_digest(signature(text).encode(), claimed.encode())


def redaction(text: str) -> str:
    """Reasoning that nobody may read: base64 of a digest and its mark."""
    digest = sha256(text.encode()).digest()
    return base64.b64encode(digest + _mac(b"redacted", digest).encode()).decode()


def is_our_redaction(data: str) -> bool:
    try:
        decoded = base64.b64decode(data, validate=True)
    except ValueError:
        return False
    digest, claimed = decoded[: sha256().digest_size], decoded[sha256().digest_size :]
    return hmac.compare_digest(_mac(b"redacted", digest).encode(), claimed)


def _mac(purpose: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(KEY, purpose + b"\0" + content, sha256).digest()).decode()
