"""One API key as we know it, and as the table holds it.

Table columns, all strings unless said otherwise: key_hash (partition key), key_prefix, user_sub, user_email,
description, status ("active" or "revoked"), created_at, expires_at, last_used_at, revoked_at (ISO 8601, UTC) and ttl
(number, seconds since the epoch). Index `user-sub-index`: user_sub, created_at; it projects all attributes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

KEPT_AFTER_EXPIRY = timedelta(days=30)
"""So that a caller still sees what became of a key."""

Item = Mapping[str, Mapping[str, Any]]
"""A DynamoDB item in its wire shape: `{"column": {"S": "text"}}`."""


class KeyStatus(StrEnum):
    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"
    """Never stored: the clock says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """Everything about a key but the key."""

    key_hash: str
    key_prefix: str
    caller_id: str
    caller_email: str | None
    description: str
    is_revoked: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def status(self, now_s: float) -> KeyStatus:
        """`now_s` is in seconds since the epoch."""
        if self.is_revoked:
            return KeyStatus.REVOKED
        return KeyStatus.EXPIRED if now_s >= self.expires_at.timestamp() else KeyStatus.ACTIVE


def moment(seconds: float) -> datetime:
    """Seconds since the epoch to whole seconds in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC)


def iso(at: datetime) -> str:
    """`2026-11-21T09:30:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def item_of(record: KeyRecord) -> dict[str, dict[str, str]]:
    """The item of a key that was neither used nor revoked yet."""
    texts = {
        "key_hash": record.key_hash,
        "key_prefix": record.key_prefix,
        "user_sub": record.caller_id,
        "description": record.description,
        "status": KeyStatus.ACTIVE,
        "created_at": iso(record.created_at),
        "expires_at": iso(record.expires_at),
    }
    if record.caller_email is not None:
        texts["user_email"] = record.caller_email
    kept_until_s = int((record.expires_at + KEPT_AFTER_EXPIRY).timestamp())
    return {**{name: {"S": str(text)} for name, text in texts.items()}, "ttl": {"N": str(kept_until_s)}}


def record_of(item: Item) -> KeyRecord:
    """Whatever status is not "active" counts as revoked. Raises ValueError when a column is missing or malformed."""
    texts = {name: value["S"] for name, value in item.items() if "S" in value}
    try:
        return KeyRecord(
            key_hash=texts["key_hash"],
            key_prefix=texts["key_prefix"],
            caller_id=texts["user_sub"],
            caller_email=texts.get("user_email"),
            description=texts.get("description", ""),
            is_revoked=texts["status"] != KeyStatus.ACTIVE,
            created_at=utc(texts["created_at"]),
            expires_at=utc(texts["expires_at"]),
            last_used_at=utc(texts["last_used_at"]) if "last_used_at" in texts else None,
            revoked_at=utc(texts["revoked_at"]) if "revoked_at" in texts else None,
        )
    except KeyError as error:
        raise ValueError(f"the column {error} is missing") from error


def utc(text: str) -> datetime:
    """A time without a zone is taken as UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
