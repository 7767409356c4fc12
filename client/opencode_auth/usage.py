"""What the person has used, as the gateway sums it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from opencode_auth import api
from opencode_auth.errors import ClientError, Unreachable

USAGE = "/v1/usage"


class NotOffered(ClientError):
    """The gateway does not know the question."""

    def __init__(self) -> None:
        super().__init__(
            "this gateway does not tell what was used: it is older than this program",
            hint="ask whoever runs the gateway to update it",
        )


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Over requests. Cached tokens are no part of `input_tokens`."""

    requests: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: str
    """A decimal."""
    estimates: int
    """Requests whose counts the gateway had to estimate."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """`name` is a day, a model or the prefix of a key; None for what was asked without a key."""

    name: str | None
    sums: Sums

    def document(self) -> dict[str, Any]:
        return {"name": self.name, **asdict(self.sums)}


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Days are those of UTC, both of them in it."""

    first: str
    last: str
    by: str
    is_complete: bool
    """False: what was asked before `counted_from` is left out."""
    counted_from: str
    groups: tuple[Group, ...]
    total: Sums

    def document(self) -> dict[str, Any]:
        """As the gateway says it."""
        return {
            "from": self.first,
            "to": self.last,
            "by": self.by,
            "is_complete": self.is_complete,
            "counted_from": self.counted_from,
            "data": [group.document() for group in self.groups],
            "total": asdict(self.total),
        }


def usage(first: date | None, last: date | None, by: str) -> Usage:
    """Without days those that the gateway takes. Raises NotOffered, and as `api.call`."""
    wish = {"from": first, "to": last, "by": by}
    query = urlencode({name: str(value) for name, value in wish.items() if value})
    answer = api.send("GET", f"{USAGE}?{query}", None)
    if answer.status == 404:
        raise NotOffered
    if not answer.is_success:
        raise api.refusal(answer)
    try:
        return parsed(answer.document())
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreachable(f"GET {USAGE} was answered with something that was not understood: {error}") from error


def parsed(found: Mapping[str, Any]) -> Usage:
    """Raises KeyError, TypeError, AttributeError, ValueError for another shape."""
    return Usage(
        first=str(found["from"]),
        last=str(found["to"]),
        by=str(found["by"]),
        is_complete=bool(found["is_complete"]),
        counted_from=str(found["counted_from"]),
        groups=tuple(Group(name=each["name"], sums=sums(each)) for each in found["data"]),
        total=sums(found["total"]),
    )


def sums(found: Mapping[str, Any]) -> Sums:
    return Sums(
        requests=int(found["requests"]),
        input_tokens=int(found["input_tokens"]),
        output_tokens=int(found["output_tokens"]),
        cache_read_tokens=int(found["cache_read_tokens"]),
        cache_write_tokens=int(found["cache_write_tokens"]),
        cost_usd=str(found["cost_usd"]),
        estimates=int(found["estimates"]),
    )
