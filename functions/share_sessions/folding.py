"""What a share is, out of the batches that were ever sent of it.

A share is a map from keys to versioned items. Of two items of one key the greater counts: by version, then by canonical
JSON. That is a maximum, so neither order nor repetition of batches matters, and what was sent late harms nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from share_sessions.items import Keyed, encoded


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Versioned:
    version: int
    """Milliseconds since the epoch."""
    text: str
    """Canonical JSON."""

    @property
    def size_bytes(self) -> int:
        return len(encoded(self.text))


State = dict[str, Versioned]
"""By key."""
ORDER = {"session": 0, "model": 1, "message": 2, "part": 2, "session_diff": 3}
"""Of kinds; parts follow their message."""


def fold(state: State, version: int, batch: Iterable[Keyed]) -> None:
    """Adds a batch to the state."""
    for keyed in batch:
        found = Versioned(version=version, text=keyed.text)
        if keyed.key not in state or state[keyed.key] < found:
            state[keyed.key] = found


def place(key: str) -> tuple[int, str, bool, str]:
    """Where a key's item stands among the others: session, model, each message before its parts, session_diff."""
    kind, _, rest = key.partition("/")
    message, _, part = rest.partition("/")
    return ORDER[kind], message, bool(part), part


def in_order(state: Mapping[str, Versioned]) -> Iterator[tuple[str, Versioned]]:
    for key in sorted(state, key=place):
        yield key, state[key]


def entry_lines(state: Mapping[str, Versioned]) -> str:
    """A line of {"key", "version", "item"} for each, in order."""
    return "".join(f"{entry_json(key, found)}\n" for key, found in in_order(state))


def entry_json(key: str, found: Versioned) -> str:
    """Keys have no character that JSON escapes."""
    return f'{{"key":"{key}","version":{found.version},"item":{found.text}}}'


def items_json(state: Mapping[str, Versioned]) -> str:
    """A JSON array of items, in order, as OpenCode imports them."""
    return f"[{','.join(found.text for _, found in in_order(state))}]"
