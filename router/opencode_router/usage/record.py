"""What is kept of a request: who, what, how much; never what was said."""

import time
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import fields

from opencode_router.usage.tokens import Tokens

DAY_S = 86_400
Facts = Mapping[str, str | int | bool]
Attribute = Mapping[str, str | bool]


class UsageRecord(Struct, frozen=True, kw_only=True):
    """One settled request. Costs are integer micro-dollars, times are milliseconds, `started_at` is ISO 8601 UTC."""

    request_id: str
    client_request_id: str | None
    caller: str
    email: str | None
    key_prefix: str | None
    model: str
    model_id: str
    surface: str
    region: str
    started_at: str
    tokens: Tokens
    price_version: str
    cost_micro_usd: int
    outcome: str
    status: int
    """HTTP status; 499 for a caller that did not wait."""
    error_code: str | None
    first_byte_ms: int | None
    duration_ms: int

    def facts(self) -> Facts:
        """All fields by their names in the table and in the log; what is unknown is left out."""
        values = {name: getattr(self, name) for name in FIELDS}
        counts = {column: getattr(self.tokens, name) for name, column in COUNTS.items()}
        named = {**values, **counts, "is_estimate": self.tokens.is_estimate}
        return {name: value for name, value in named.items() if value is not None}


FIELDS = tuple(field.name for field in fields(UsageRecord) if field.name != "tokens")
KINDS = ("input", "output", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h")
COUNTS = {kind: f"{kind}_tokens" for kind in KINDS}


def item_of(facts: Facts, *, retention_days: int) -> dict[str, Attribute]:
    """The DynamoDB item, with the `ttl` at which it may go."""
    expiry = int(time.time()) + retention_days * DAY_S
    return {**{name: attribute(value) for name, value in facts.items()}, "ttl": attribute(expiry)}


def attribute(value: str | int | bool) -> Attribute:  # noqa: FBT001  a value, not a switch
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}
