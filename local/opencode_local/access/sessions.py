"""Who may sign: the sessions of the embedded STS, those of this run and those that tasks have got for themselves.

Sources: STS API reference, "AssumeRole"; IAM user guide, "Session policies" and "Pass session tags" (read 2026-11-21).
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.sts.models import sts_backends

from opencode_local.access.session import Session
from opencode_local.access.signatures import NotAuthentic
from opencode_local.provider.aws import REGION, Account

INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105  AWS's message
EXPIRED_TOKEN = "The security token included in the request is expired"  # noqa: S105  AWS's message


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who signs with one access key: a session of a role."""

    session: Session
    name: str
    """The role session's."""
    policy: str | None = None
    """The session's own policy, as JSON."""
    tags: Mapping[str, str] = field(default_factory=dict)
    embedded_key_id: str
    """The access key by which the embedded AWS knows this role and its account."""

    @property
    def account_id(self) -> str:
        return self.session.role_arn.split(":")[4]

    @property
    def role_name(self) -> str:
        return self.session.role_arn.rpartition("/")[2]

    @property
    def arn(self) -> str:
        """`arn:aws:sts::<account>:assumed-role/<role>/<session>`."""
        partition = self.session.role_arn.split(":")[1]
        return f"arn:{partition}:sts::{self.account_id}:assumed-role/{self.role_name}/{self.name}"


class Sessions:
    """Principals by access key. What no policy says is not asked here: see `trust` and `decision`."""

    def __init__(self, account: Account, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self.account = account
        self._clock = clock
        self._known: dict[str, Principal] = {}
        self._ended: set[str] = set()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def open(self, role_arn: str, name: str, *, life_s: int) -> Principal:
        """A session of the role, made by the embedded STS."""
        backend = sts_backends[self.account.account_id][role_arn.split(":")[1]]
        made = backend.assume_role(REGION, name, role_arn, "", life_s, "")
        expires_at = datetime.fromtimestamp(self._clock() + life_s, UTC)
        return self.adopt(_session(made, expires_at), name, embedded_key_id=made.access_key_id)

    def adopt(self, session: Session, name: str, *, embedded_key_id: str) -> Principal:
        """Takes signatures with the session's secret for its role's."""
        principal = Principal(session=session, name=name, embedded_key_id=embedded_key_id)
        with self._lock:
            self._known[session.access_key_id] = principal
        return principal

    def note(self, access_key_id: str, tags: Mapping[str, str]) -> None:
        """Tags of a session that a task has got for itself: the embedded STS forgets them."""
        found = self._embedded(access_key_id)
        if found is not None:
            with self._lock:
                self._known[access_key_id] = _principal(found, tags)

    def end(self, access_key_id: str) -> None:
        """From now on the key is unknown."""
        with self._lock:
            self._known.pop(access_key_id, None)
            self._ended.add(access_key_id)

    def holder(self, access_key_id: str, session_token: str | None) -> Principal:
        """Raises NotAuthentic: UnrecognizedClientException, ExpiredTokenException."""
        with self._lock:
            known, has_ended = self._known.get(access_key_id), access_key_id in self._ended
        if known is None and not has_ended:
            embedded = self._embedded(access_key_id)
            known = _principal(embedded, {}) if embedded is not None else None
        if known is None or known.session.session_token != (session_token or ""):
            raise NotAuthentic("UnrecognizedClientException", INVALID_TOKEN)
        if known.session.expires_at <= self.now():
            raise NotAuthentic("ExpiredTokenException", EXPIRED_TOKEN)
        return known

    def _embedded(self, access_key_id: str) -> Any | None:
        backends = sts_backends[self.account.account_id]
        every = [role for partition in list(backends) for role in list(backends[partition].assumed_roles)]
        return next((role for role in every if role.access_key_id == access_key_id), None)


def _principal(made: Any, tags: Mapping[str, str]) -> Principal:
    session = _session(made, made.expiration.replace(tzinfo=UTC))
    return Principal(
        session=session,
        name=made.session_name,
        policy=made.policy or None,
        tags=tags,
        embedded_key_id=made.access_key_id,
    )


def _session(made: Any, expires_at: datetime) -> Session:
    return Session(
        role_arn=made.role_arn,
        access_key_id=made.access_key_id,
        secret_access_key=made.secret_access_key,
        session_token=made.session_token,
        expires_at=expires_at,
    )
