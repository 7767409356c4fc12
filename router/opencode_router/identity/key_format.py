"""What an API key looks like: `oc_` and 43 base64url characters, which are 32 random bytes."""

import hashlib
import re
import secrets

SECRET_BYTES = 32
PREFIX_CHARACTERS = 10
"""Enough to tell one's keys apart, and 33 characters short of the secret."""
MARK = "oc_"

WELL_FORMED = re.compile(r"oc_[A-Za-z0-9_-]{43}", re.ASCII)


def mint() -> str:
    return MARK + secrets.token_urlsafe(SECRET_BYTES)


def is_marked(text: str) -> bool:
    """Whether the text is meant as an API key, well formed or not."""
    return text.startswith(MARK)


def is_well_formed(text: str) -> bool:
    return WELL_FORMED.fullmatch(text) is not None


def prefix(key: str) -> str:
    """The part that may be shown and logged."""
    return key[:PREFIX_CHARACTERS]


def digest(key: str) -> str:
    """SHA-256 in hex, all that is stored. Plain hashing is enough for a secret of 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()
