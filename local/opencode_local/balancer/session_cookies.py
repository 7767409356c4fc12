"""The session of a person who has signed in, kept by the browser in encrypted cookies.

Source: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer", "Authentication
flow": a cookie larger than 4K is split into several (read 2026-11-21). Neither the content nor the cipher is told
there; the attributes are those that load balancers are seen to set.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count, takewhile
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAX_COOKIE_BYTES = 4096
"""Name, value and attributes of one: what every browser keeps (RFC 6265, 6.1)."""
KEY_BITS = 256
IV_BYTES = 12
PAST = "Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What a cookie holds; times in seconds since the epoch."""

    ends_s: float
    """When the person has to sign in again, whatever the provider says."""
    access_ends_s: float
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    claims: Mapping[str, Any]
    """What the provider's user info endpoint said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a session counts: under one cookie name, at one load balancer, for one client of one issuer."""

    cookie_name: str
    balancer_arn: str
    issuer: str
    client_id: str

    def sealed_with(self) -> bytes:
        return msgspec.json.encode((self.cookie_name, self.balancer_arn, self.issuer, self.client_id))


class SessionCookies:
    """Seals sessions with a key of this run: AES-GCM."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(KEY_BITS))

    def sealed(self, session: SignedIn, place: Place, sent: Mapping[str, str], *, is_secure: bool) -> list[str]:
        """Values of `Set-Cookie`; those of the cookies in `sent` that an earlier, longer session needed are expired."""
        iv = os.urandom(IV_BYTES)
        content = iv + self._cipher.encrypt(iv, msgspec.json.encode(session), place.sealed_with())
        text = urlsafe_b64encode(content).decode()
        attributes = cookie_attributes(formatdate(session.ends_s, usegmt=True), is_secure=is_secure)
        size = MAX_COOKIE_BYTES - len(f"{place.cookie_name}-99={attributes}")
        parts = [text[start : start + size] for start in range(0, len(text), size)]
        kept = [f"{place.cookie_name}-{index}={part}{attributes}" for index, part in enumerate(parts)]
        expired = cookie_attributes(PAST, is_secure=is_secure)
        return [*kept, *(f"{name}={expired}" for name in shards(place.cookie_name, sent)[len(parts) :])]

    def opened(self, sent: Mapping[str, str], place: Place, now_s: float) -> SignedIn | None:
        """None where there is no session, where it is over, and where its cookies were not sealed here for this place.

        A load balancer in AWS may refuse such a cookie instead; here it is commonly one of an earlier run.
        """
        try:
            content = urlsafe_b64decode("".join(sent[name] for name in shards(place.cookie_name, sent)))
            iv, sealed = content[:IV_BYTES], content[IV_BYTES:]
            session = msgspec.json.decode(self._cipher.decrypt(iv, sealed, place.sealed_with()), type=SignedIn)
        except (InvalidTag, ValueError):
            return None
        return session if now_s < session.ends_s else None


def shards(cookie_name: str, sent: Mapping[str, str]) -> list[str]:
    """`name-0`, `name-1`, ... as far as they were sent."""
    return list(takewhile(sent.__contains__, (f"{cookie_name}-{index}" for index in count())))


def cookie_attributes(expires: str | None, *, is_secure: bool) -> str:
    """`Secure` is left out on plain HTTP, where browsers would drop the cookie."""
    until = f"; Expires={expires}" if expires else ""
    return f"{until}; Path=/; HttpOnly{'; Secure' if is_secure else ''}"
