"""Shares as they are read: what is known of one, and what it holds at a sequence number or since one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from share_sessions.folding import State, fold
from share_sessions.problems import Busy, DeletedShare, ExpiredShare, UnknownShare
from share_sessions.records import Event, events_of, keeper_of, share_of
from share_sessions.shares import ID, Keeper, Share
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table

TRIES = 3
"""Each is of a snapshot that the writer made while the one before was read."""


@dataclass(slots=True, kw_only=True)
class Content:
    """Of a share."""

    sequence: int
    """Of the last batch in it."""
    state: State
    read_bytes: int = 0
    """Of the items that it was folded from, which is what the share's counters count."""
    read_items: int = 0
    event_bytes: int = 0
    """The part of them that is not from the snapshot."""


class Shares:
    """Raises StorageUnavailable whenever a store refuses or does not answer."""

    def __init__(self, table: Table, snapshots: Snapshots, clock: Callable[[], float]) -> None:
        self._table, self._snapshots, self._clock = table, snapshots, clock

    def find(self, id_: str) -> Share:
        """Raises UnknownShare, which asks nobody when it cannot be an id, DeletedShare and ExpiredShare."""
        if not ID.fullmatch(id_):
            raise UnknownShare
        found = self._table.share(id_)
        if found is None:
            raise UnknownShare
        if found["is_deleted"]["BOOL"]:
            raise DeletedShare
        share = share_of(found)
        if self._clock() >= share.expires_at.timestamp():
            raise ExpiredShare
        return share

    def keeper(self, id_: str) -> Keeper:
        """Also of a share that has expired or was deleted. Raises UnknownShare."""
        found = self._table.share(id_) if ID.fullmatch(id_) else None
        if found is None:
            raise UnknownShare
        return keeper_of(found)

    def is_deleted(self, id_: str) -> bool:
        found = self._table.share(id_)
        return found is not None and keeper_of(found).is_deleted

    def content_now(self, share: Share) -> Content | None:
        """As it was when the share was found; None where that cannot be told any more."""
        return self._folded(share, share.sequence)

    def content(self, share: Share, *, through: int | None = None) -> Content:
        """As it was after the batch `through` if that can still be told, else as it is.

        Raises Busy, and what `find` raises where the share ends meanwhile.
        """
        for _ in range(TRIES):
            last = through if through is not None and through >= share.snapshot_sequence else share.sequence
            if content := self._folded(share, last):
                return content
            share = self.find(share.id)
        raise Busy

    def since(self, share: Share, after: int, *, through: int | None = None) -> Content | None:
        """What later batches, to `through` if it is given, have sent; None when they are not all kept any more."""
        last = share.sequence if through is None else through
        content = Content(sequence=last, state={})
        return content if self._add_events(share, content, after) else None

    def _folded(self, share: Share, last: int) -> Content | None:
        """None when the writer has taken away what it would be made from."""
        content = Content(sequence=last, state={})
        if share.snapshot_sequence:
            state = self._snapshots.read(share.id, share.snapshot_sequence)
            if state is None:
                return None
            content.state = state
            content.read_items = len(state)
            content.read_bytes = sum(found.size_bytes for found in state.values())
        return content if self._add_events(share, content, share.snapshot_sequence) else None

    def _add_events(self, share: Share, content: Content, after: int) -> bool:
        """Whether all that came later was there."""
        expected = after + 1
        for event in self._events(share, after, content.sequence):
            if event.sequence != expected:
                return False
            expected += 1
            size_bytes = sum(keyed.size_bytes for keyed in event.batch)
            content.event_bytes += size_bytes
            content.read_bytes += size_bytes
            content.read_items += len(event.batch)
            fold(content.state, event.version, event.batch)
        return expected == content.sequence + 1

    def _events(self, share: Share, after: int, through: int) -> Iterator[Event]:
        if after >= through:
            return iter(())
        return events_of(self._table.events(share.id, after=after, through=through))
