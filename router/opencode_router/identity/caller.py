"""Who is asking."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A verified person or service; the only thing the rest of the router knows about identity."""

    id: str
    """The issuer's `sub`."""
    email: str | None = None
    name: str | None = None
    """As the token has it; an API key knows none."""
    groups: tuple[str, ...] = ()
    key_prefix: str | None = None
    """First ten characters of the API key used; None for a JWT."""
