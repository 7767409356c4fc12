"""What owners and administrators do with shares: make, list, change and delete them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from share_sessions import connections, limits, tickets
from share_sessions.problems import DeletedShare, TooMany
from share_sessions.reading import Shares
from share_sessions.records import cursor_key, cursor_text, share_attributes, share_of
from share_sessions.shares import Share, digest, hours_from, moment, new_id, ttl_s, written
from share_sessions.snapshots import Snapshots
from share_sessions.table import LostRace, Page, Table
from share_sessions.updates import Update
from share_sessions.visibility import DEFAULT, Reader, Visibility

CONTENT = (
    *("owner_name", "session_id", "visibility", "people", "created_at", "title", "title_version"),
    *("bytes", "items", "pending_bytes"),
)
"""What a deleted share's entry loses. Without `created_at` it is in no list any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Of who makes or changes a share; None where nothing was said."""

    visibility: Visibility | None = None
    people: tuple[str, ...] | None = field(default=None, repr=False)
    expires_in_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    share: Share
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    shares: tuple[Share, ...]
    cursor: str | None


class Register:
    """Raises StorageUnavailable whenever a store refuses or does not answer."""

    def __init__(self, shares: Shares, table: Table, snapshots: Snapshots, clock: Callable[[], float]) -> None:
        self._shares, self._table, self._snapshots, self._clock = shares, table, snapshots, clock

    def make(self, owner: Reader, session_id: str, wishes: Wishes) -> Made:
        """`wishes` leave nothing open. Raises TooMany."""
        live = self._live(owner.id)
        if live >= limits.LIVE_SHARES:
            text = f"You have {live} live shares of {limits.LIVE_SHARES}; delete one, or wait for the first to expire."
            raise TooMany(text, retry_after_s=3600)
        now_s, secret = self._clock(), new_id()
        share = Share(
            id=new_id(),
            owner=owner.id,
            owner_name=owner.name,
            session_id=session_id,
            secret_hash=digest(secret),
            visibility=wishes.visibility or DEFAULT,
            people=wishes.people or (),
            created_at=moment(now_s),
            expires_at=hours_from(now_s, wishes.expires_in_hours or limits.DEFAULT_EXPIRY_HOURS),
        )
        self._table.add(share_attributes(share))
        return Made(share=share, secret=secret)

    def owned(self, owner: str, cursor: str | None) -> Listed:
        """Live ones, newest first. Raises BadRequest for a cursor that is none."""
        start = cursor_key(cursor, owner) if cursor else None
        return listed(self._table.owned(owner, self._now, start))

    def every(self, cursor: str | None) -> Listed:
        """Live ones of all owners. Raises BadRequest for a cursor that is none."""
        start = cursor_key(cursor, None) if cursor else None
        return listed(self._table.every(self._now, start))

    def change(self, share: Share, wishes: Wishes) -> Share:
        """Nothing but what is wished, since others may have changed the rest after the share was found.

        Raises what `find` raises where the share ends meanwhile.
        """
        try:
            self._table.update(share.id, Update(expects={"is_deleted": False}, sets=self._sets(wishes)))
        except LostRace as error:
            raise DeletedShare from error
        return self._shares.find(share.id)

    def _sets(self, wishes: Wishes) -> Mapping[str, Any]:
        sets: dict[str, Any] = {}
        if wishes.visibility is not None:
            sets["visibility"] = wishes.visibility
        if wishes.people is not None:
            sets["people"] = list(wishes.people)
        if wishes.expires_in_hours is not None:
            expires_at = hours_from(self._clock(), wishes.expires_in_hours)
            sets |= {"expires_at": written(expires_at), "ttl": ttl_s(expires_at)}
        return sets

    def mark_deleted(self, share_id: str) -> None:
        """From now on nobody reads or writes it; what it held has yet to be taken away."""
        mark = Update(expects={"is_deleted": False}, sets={"is_deleted": True}, removes=CONTENT)
        with suppress(LostRace):  # it was marked before, and perhaps not all could be taken away then
            self._table.update(share_id, mark)

    def purge(self, share_id: str) -> None:
        """Takes away all that a deleted share held: snapshots with their old versions, batches, who watches or may."""
        self._snapshots.forget(share_id)
        for partition in (share_id, tickets.partition(share_id), connections.partition(share_id)):
            self._table.forget_all(partition)

    @property
    def _now(self) -> str:
        return written(moment(self._clock()))

    def _live(self, owner: str) -> int:
        """Of an index that may lack the last moments."""
        count, start = 0, None
        while True:
            page = self._table.owned(owner, self._now, start)
            count, start = count + len(page.found), page.last
            if start is None:
                return count


def listed(page: Page) -> Listed:
    return Listed(shares=tuple(map(share_of, page.found)), cursor=cursor_text(page.last) if page.last else None)
