"""Which tool calls are answered, and by what, whatever the protocol calls them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTurn:
    """One message's tool ids."""

    is_user: bool
    calls: Sequence[str] = ()
    results: Sequence[str] = ()
    late_results: Sequence[str] = field(default=())
    """Results that come after other content of their message; they do not count as answers."""


class Mismatch(NamedTuple):
    """`kind` is "unanswered", "unasked" or "repeated"; `turn` is the index of the message at fault."""

    kind: str
    turn: int
    ids: Sequence[str]


def mismatches(turns: Sequence[ToolTurn]) -> Iterator[Mismatch]:
    yield from _repeated(turns)
    for index, turn in enumerate(turns):
        if turn.calls and index + 1 < len(turns):
            missing = [call for call in turn.calls if call not in turns[index + 1].results]
            if missing:
                yield Mismatch("unanswered", index + 1, missing)
        asked = turns[index - 1].calls if index > 0 else ()
        unasked = [result for result in (*turn.results, *turn.late_results) if result not in asked]
        if unasked:
            yield Mismatch("unasked", index, unasked)
    if turns and turns[-1].calls:
        yield Mismatch("unanswered", len(turns), turns[-1].calls)


def _repeated(turns: Sequence[ToolTurn]) -> Iterator[Mismatch]:
    for ids in (
        [call for turn in turns for call in turn.calls],
        [result for turn in turns for result in (*turn.results, *turn.late_results)],
    ):
        twice = [name for name, count in Counter(ids).items() if count > 1]
        if twice:
            yield Mismatch("repeated", len(turns), twice)
