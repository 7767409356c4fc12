"""Batches as they are written: each gets the share's next sequence number, and the writer makes the snapshots."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from served_site.problems import StorageUnavailable
from share_sessions import limits
from share_sessions.folding import fold
from share_sessions.items import Keyed
from share_sessions.problems import Busy, DeletedShare, TooLarge, TooMany
from share_sessions.reading import Content, Shares
from share_sessions.records import Event, event_entries
from share_sessions.shares import Share
from share_sessions.snapshots import Snapshots
from share_sessions.table import LostRace, Table
from share_sessions.updates import Update

TRIES = 20
"""Each that is lost is a batch of somebody else's that was taken, and of those 30 fit in 10 s."""
RENEWALS = 3
MAX_TITLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    version: int
    text: str


class Batches:
    """Raises StorageUnavailable whenever a store refuses or does not answer."""

    def __init__(self, shares: Shares, table: Table, snapshots: Snapshots, clock: Callable[[], float]) -> None:
        self._shares, self._table, self._snapshots, self._clock = shares, table, snapshots, clock

    def commit(self, share: Share, batch: Sequence[Keyed], version: int | None) -> Event:
        """Taken whole or not at all; `version` is None where the time of arrival counts.

        Raises TooLarge, TooMany and Busy, and what `find` raises where the share ends meanwhile.
        """
        for _ in range(TRIES):
            event = Event(
                sequence=share.sequence + 1, version=self._arrival(share) if version is None else version, batch=batch
            )
            self._check(share, event)
            try:
                self._table.commit(share.id, self._counted(share, event, version), [*event_entries(share, event)])
                return event
            except LostRace:
                share = self._shares.find(share.id)
        raise Busy

    def compact_if_due(self, share_id: str) -> None:
        """Raises what `find` raises."""
        share = self._shares.find(share_id)
        if is_due(share):
            self.compact(share)

    def renew(self, share: Share) -> None:
        """Writes all that a share consists of anew, since its end was moved.

        Raises Busy, and what `find` raises where the share ends meanwhile.
        """
        for _ in range(RENEWALS):
            if self.compact(share, is_renewal=True):
                return
            share = self._shares.find(share.id)
        raise Busy

    def compact(self, share: Share, *, is_renewal: bool = False) -> bool:
        """Makes a snapshot of all batches, and takes away what only the snapshot before the last was made of.

        Whether it counts: where another writer was faster, nothing of it stays.

        Events since the last one stay, for readers who only lack some of them; with `is_renewal` they go, too, and the
        snapshot is as new as the share's end, whichever way that was moved.
        """
        content = self._shares.content_now(share)
        if content is None:
            return False
        if not content.sequence:
            return True
        life_s = share.expires_at.timestamp() - self._clock()
        version_id = self._snapshots.write(share.id, content.sequence, content.state, life_s=life_s)
        try:
            self._table.update(share.id, raised(share, content))
        except LostRace:
            if not self._counts(share.id, content.sequence, version_id):
                return False
        except StorageUnavailable:
            if self._shares.is_deleted(share.id):
                self._snapshots.forget(share.id)
            raise
        self._table.forget_events(share.id, through=content.sequence if is_renewal else share.snapshot_sequence)
        self._snapshots.forget(share.id, below=share.snapshot_sequence)
        return True

    def _counts(self, share_id: str, sequence: int, version_id: str | None) -> bool:
        """Whether a snapshot does although its update was refused: one whose answer was lost is sent again.

        Of one that does not, nothing but this writer's version is taken back; of a deleted share, everything.
        """
        try:
            if self._shares.find(share_id).snapshot_sequence == sequence:
                return True
            self._snapshots.take_back(share_id, sequence, version_id)
        except DeletedShare:
            self._snapshots.forget(share_id)
        return False

    def _arrival(self, share: Share) -> int:
        return max(share.arrival_version + 1, int(self._clock() * 1000))

    def _check(self, share: Share, event: Event) -> None:
        now_s = self._clock()
        if share.window == window(now_s) and share.window_batches >= limits.WINDOW_BATCHES:
            text = (
                f"A share takes {limits.WINDOW_BATCHES} batches in {limits.WINDOW_S} s and had {share.window_batches}."
            )
            raise TooMany(text, retry_after_s=limits.WINDOW_S - int(now_s) % limits.WINDOW_S)
        most_bytes = share.bytes + sum(keyed.size_bytes for keyed in event.batch)
        if most_bytes > limits.SHARE_BYTES or share.items + len(event.batch) > limits.SHARE_ITEMS:
            self._check_exactly(share, event)

    def _check_exactly(self, share: Share, event: Event) -> None:
        """Counters count items that others have replaced since the last snapshot, too."""
        state = self._shares.content(share).state
        fold(state, event.version, event.batch)
        held_bytes = sum(found.size_bytes for found in state.values())
        if held_bytes > limits.SHARE_BYTES:
            raise TooLarge("the share", value=held_bytes, limit=limits.SHARE_BYTES, unit="bytes")
        if len(state) > limits.SHARE_ITEMS:
            raise TooLarge("the share", value=len(state), limit=limits.SHARE_ITEMS, unit="items")

    def _counted(self, share: Share, event: Event, version: int | None) -> Update:
        size_bytes = sum(keyed.size_bytes for keyed in event.batch)
        now_window = window(self._clock())
        title = title_of(share, event)
        return Update(
            expects={"sequence": share.sequence, "is_deleted": False, "ttl": share.ttl_s},
            sets={
                "sequence": event.sequence,
                "title": title.text,
                "title_version": title.version,
                "arrival_version": event.version if version is None else share.arrival_version,
                "window": now_window,
                "window_batches": share.window_batches + 1 if share.window == now_window else 1,
            },
            adds={"bytes": size_bytes, "items": len(event.batch), "pending_bytes": size_bytes},
        )


def window(now_s: float) -> int:
    return int(now_s) // limits.WINDOW_S


def is_due(share: Share) -> bool:
    return (
        share.sequence - share.snapshot_sequence > limits.COMPACTED_EVENTS
        or share.pending_bytes > limits.COMPACTED_BYTES
        or share.bytes > limits.SHARE_BYTES
        or share.items > limits.SHARE_ITEMS
    )


def raised(share: Share, content: Content) -> Update:
    """Other writers count on meanwhile, so counters lose what replaced items had."""
    held_bytes = sum(found.size_bytes for found in content.state.values())
    return Update(
        expects={"snapshot_sequence": share.snapshot_sequence, "is_deleted": False},
        sets={"snapshot_sequence": content.sequence},
        adds={
            "bytes": held_bytes - content.read_bytes,
            "items": len(content.state) - content.read_items,
            "pending_bytes": -content.event_bytes,
        },
    )


def title_of(share: Share, event: Event) -> Title:
    """The newest session's title."""
    title = Title(version=share.title_version, text=share.title)
    for keyed in event.batch:
        if keyed.key == "session" and event.version >= title.version:
            title = Title(version=event.version, text=shown(json.loads(keyed.text)["data"].get("title")))
    return title


def shown(text: Any) -> str:
    """On one line and not endless."""
    words = " ".join(text.split()) if isinstance(text, str) else ""
    return "".join(character for character in words if character.isprintable())[:MAX_TITLE_CHARACTERS]
