"""Who can sign in here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person of the local run; there are no passwords."""

    sub: str
    email: str
    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A user at the browser."""

    user: User
    since_s: int
    """When the user was picked, in seconds since the epoch."""


DEFAULT_USERS = (
    User(sub="ada", email="ada@example.com", name="Ada Lovelace", groups=("developers", "admins")),
    User(sub="linus", email="linus@example.com", name="Linus Sixpack", groups=("developers",)),
    User(sub="grace", email="grace@example.com", name="Grace Newcomer"),
)
