"""What a reader has not seen yet of a share, in pages that a load balancer takes.

A page's number names the state that it is a part of: thousands of it are the share's sequence number then. So all pages
are of one state however fast the share grows meanwhile, and a reader that has put them together asks for what came
after that number. When such a state cannot be told any more, since its events have become part of a snapshot, what is
told is the whole newer one from its beginning.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from share_sessions.folding import State, entry_json, in_order
from share_sessions.items import encoded
from share_sessions.problems import BadRequest
from share_sessions.reading import Content, Shares
from share_sessions.shares import Share

PAGE_BYTES = 700_000
"""Of the items in one answer, unless a single one is larger. Base64 makes a third more of it, of 1 MB."""
PAGES = 500
"""More than a share of 50 MB has: any two pages in a row have more than 700,000 bytes."""
PLACES = 2 * PAGES
"""For the pages of what is new, and then for those of all that there is."""
MAX_DIGITS = 15
"""What JavaScript holds as a whole number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asks for."""

    after: int
    """Sequence number of what it has; 0 for nothing."""
    through: int | None
    """Sequence number of the state that its first page was of; None for a first page."""
    is_whole: bool
    """Whether it is of all that there is, and not of what is new."""
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One page of a state."""

    sequence: int
    is_first_of_whole: bool
    """Whether it takes the place of whatever the reader has."""
    entries: Sequence[str]
    """The JSON of each."""
    next_page: int | None


class States:
    """Keeps the pages that it made last: who asks for one of them asks for the next one soon."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._kept: tuple[tuple[str, int, int], list[list[str]]] | None = None

    def part(self, share: Share, wanted: Wanted) -> Part:
        """Raises Busy and StorageUnavailable, and DeletedShare or ExpiredShare where the share ends meanwhile."""
        through = share.sequence if wanted.through is None else wanted.through
        if wanted.is_whole:
            return self._whole(share, through, wanted.page)
        found = self._since(share, wanted.after, through)
        if found is None:
            return self._whole(share, share.sequence, 0)
        return part(found, sequence=through, page=wanted.page, is_whole=False)

    def _since(self, share: Share, after: int, through: int) -> list[list[str]] | None:
        """None when that cannot be told: some of it is not kept any more, or lies in the future."""
        if not after <= through <= share.sequence:
            return None
        if (kept := self._known(share, after, through)) is not None:
            return kept
        content = self._shares.since(share, after, through=through)
        return None if content is None else self._paged(share, after, content)

    def _whole(self, share: Share, through: int, page: int) -> Part:
        """From its first page on where the state that the page was of is gone."""
        found = self._known(share, 0, through)
        if found is None:
            content = self._shares.content(share, through=min(through, share.sequence))
            page = page if content.sequence == through else 0
            through, found = content.sequence, self._paged(share, 0, content)
        return part(found, sequence=through, page=page, is_whole=True)

    def _known(self, share: Share, after: int, through: int) -> list[list[str]] | None:
        return self._kept[1] if self._kept and self._kept[0] == (share.id, after, through) else None

    def _paged(self, share: Share, after: int, content: Content) -> list[list[str]]:
        """Never without a page."""
        found = [*pages(content.state)] or [[]]
        self._kept = (share.id, after, content.sequence), found
        return found


def wanted(query: Mapping[str, str]) -> Wanted:
    """Raises BadRequest."""
    after, number = whole_number(query, "after"), whole_number(query, "page")
    if not number:
        return Wanted(after=after, through=None, is_whole=not after, page=0)
    through, place = divmod(number, PLACES)
    return Wanted(after=after, through=through, is_whole=place >= PAGES, page=place % PAGES)


def whole_number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise BadRequest(f"{name} has to be a whole number of {MAX_DIGITS} digits at most")
    return int(text)


def part(found: Sequence[Sequence[str]], *, sequence: int, page: int, is_whole: bool) -> Part:
    """A page that there is not is empty, and the last."""
    number = sequence * PLACES + (PAGES if is_whole else 0) + page
    return Part(
        sequence=sequence,
        is_first_of_whole=is_whole and page == 0,
        entries=found[page] if page < len(found) else (),
        next_page=number + 1 if page + 1 < len(found) else None,
    )


def pages(state: State) -> Iterator[list[str]]:
    """Entries in order, as JSON."""
    held: list[str] = []
    held_bytes = 0
    for key, found in in_order(state):
        entry = entry_json(key, found)
        size_bytes = len(encoded(entry)) + 1
        if held and held_bytes + size_bytes > PAGE_BYTES:
            yield held
            held, held_bytes = [], 0
        held.append(entry)
        held_bytes += size_bytes
    if held:
        yield held
