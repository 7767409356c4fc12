"""GET /v1/usage: what a caller has used."""

from datetime import date
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

Grouping = Literal["day", "model", "key"]


class UsageQuery(Struct, forbid_unknown_fields=True):
    """Unknown parameters are refused: a misspelt day must not become the default one."""

    first: date | UnsetType = field(name="from", default=UNSET)
    """Six days before the last day, if not said."""
    last: date | UnsetType = field(name="to", default=UNSET)
    """Today, if not said."""
    by: Grouping = "day"


class UsageTotals(Struct, kw_only=True):
    requests: int
    input_tokens: int
    """Neither read from nor written to a cache."""
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: str
    """Decimal, to the micro-dollar."""
    estimates: int
    """Requests whose counts the gateway had to estimate."""


class UsageGroup(UsageTotals, kw_only=True):
    name: str | None
    """The day, the model, or the key's prefix; null for what was asked with a JWT."""


class UsageReport(Struct, kw_only=True):
    """Days are those of UTC."""

    first: date = field(name="from")
    last: date = field(name="to")
    by: Grouping
    is_complete: bool
    """False: what was asked before `counted_from` is left out."""
    counted_from: str
    data: list[UsageGroup]
    total: UsageTotals
