"""What a caller has used, summed: pure arithmetic over usage records."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct, field


class Text(Struct, frozen=True, gc=False, rename="upper"):
    s: str


class Number(Struct, frozen=True, gc=False, rename="upper"):
    n: int


class Truth(Struct, frozen=True, gc=False):
    is_true: bool = field(name="BOOL")


NONE = Number(0)


class Used(Struct, frozen=True, gc=False, kw_only=True):
    """What of a usage record is summed, as DynamoDB gives it: `{"model": {"S": "claude-sonnet-5"}, ...}`."""

    started_at: Text
    model: Text
    key_prefix: Text | None = None
    """None for what was asked with a JWT."""
    input_tokens: Number = NONE
    output_tokens: Number = NONE
    cache_read_tokens: Number = NONE
    cache_write_5m_tokens: Number = NONE
    cache_write_1h_tokens: Number = NONE
    cost_micro_usd: Number = NONE
    is_estimate: Truth = Truth(is_true=False)


NAMES: Mapping[str, Callable[[Used], str | None]] = {
    "day": lambda used: used.started_at.s[:10],
    "model": lambda used: used.model.s,
    "key": lambda used: used.key_prefix.s if used.key_prefix else None,
}
"""What the group of a record is called; a day is one of UTC."""


@dataclass(slots=True)
class Tally:
    """Sums over requests."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_micro_usd: int = 0
    estimates: int = 0
    """Requests whose counts the gateway had to estimate."""

    def add(self, used: Used) -> None:
        self.requests += 1
        self.input_tokens += used.input_tokens.n
        self.output_tokens += used.output_tokens.n
        self.cache_read_tokens += used.cache_read_tokens.n
        self.cache_write_tokens += used.cache_write_5m_tokens.n + used.cache_write_1h_tokens.n
        self.cost_micro_usd += used.cost_micro_usd.n
        self.estimates += used.is_estimate.is_true


@dataclass(slots=True, kw_only=True)
class Report:
    """Takes records newest first."""

    by: str
    """One of NAMES."""
    counted_from: str
    """ISO 8601 in UTC; nothing that was asked before this is in the sums."""
    is_complete: bool = True
    total: Tally = dataclasses.field(default_factory=Tally)
    _groups: dict[str | None, Tally] = dataclasses.field(default_factory=dict)
    _oldest: str | None = None

    def add(self, records: Sequence[Used]) -> None:
        name_of = NAMES[self.by]
        for used in records:
            self._groups.setdefault(name_of(used), Tally()).add(used)
            self.total.add(used)
        if records:
            self._oldest = records[-1].started_at.s

    def cut_off(self) -> None:
        """There are older records, which will not come."""
        self.is_complete = False
        self.counted_from = self._oldest or self.counted_from

    def groups(self) -> list[tuple[str | None, Tally]]:
        """Days in their order; models and keys by their cost, the dearest first."""
        named = sorted(self._groups.items(), key=lambda group: group[0] or "")
        return named if self.by == "day" else sorted(named, key=lambda group: -group[1].cost_micro_usd)
