"""A share as the table knows it, apart from its content."""

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from share_sessions.problems import WrongSecret
from share_sessions.visibility import Access, Visibility

ID = re.compile(r"[a-z2-7]{32}")
ID_BYTES = 20
KEPT_S = 24 * 60 * 60
"""After its end a share is still known as expired."""


def new_id() -> str:
    """160 random bits; secrets have as many."""
    return b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """What is known of a share for as long as anything is, even of a deleted one: who may take it away."""

    id: str
    owner: str
    secret_hash: str = field(repr=False)
    is_deleted: bool = False

    def check_secret(self, secret: str) -> None:
        """In constant time. Raises WrongSecret."""
        if not hmac.compare_digest(digest(secret), self.secret_hash):
            raise WrongSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Keeper):
    owner_name: str = field(repr=False)
    session_id: str
    visibility: Visibility
    people: tuple[str, ...] = field(repr=False)
    created_at: datetime
    expires_at: datetime
    sequence: int = 0
    """Of the last batch."""
    snapshot_sequence: int = 0
    """Of the last batch that the snapshot holds; 0 without any."""
    bytes: int = 0
    """Of the snapshot's items and of all that came after it: at least what the share holds."""
    items: int = 0
    pending_bytes: int = 0
    """That came after the snapshot."""
    title: str = field(default="", repr=False)
    title_version: int = 0
    arrival_version: int = 0
    """The last that was given to a batch without one."""
    window: int = 0
    """The last one in which a batch came, in tens of seconds since the epoch."""
    window_batches: int = 0

    @property
    def access(self) -> Access:
        return Access(owner=self.owner, visibility=self.visibility, people=self.people)

    @property
    def ttl_s(self) -> int:
        return ttl_s(self.expires_at)


def ttl_s(expires_at: datetime) -> int:
    """Since the epoch: when DynamoDB may remove what belongs to the share."""
    return int(expires_at.timestamp()) + KEPT_S


def moment(now_s: float) -> datetime:
    """To the second."""
    return datetime.fromtimestamp(int(now_s), UTC)


def hours_from(now_s: float, hours: int) -> datetime:
    return moment(now_s) + timedelta(hours=hours)


def written(at: datetime) -> str:
    """As `2026-11-21T12:00:00Z`."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def summary(share: Share, sharing_url: str) -> Mapping[str, Any]:
    """As owners and administrators see it."""
    return {
        "id": share.id,
        "url": f"{sharing_url}/share/{share.id}",
        "title": share.title,
        "session_id": share.session_id,
        "visibility": share.visibility,
        "people": list(share.people),
        "created_at": written(share.created_at),
        "expires_at": written(share.expires_at),
        "bytes": share.bytes,
        "owner_name": share.owner_name,
    }
