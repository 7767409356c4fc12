"""Who can sign in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person of the local run; there are no passwords."""

    sub: str
    email: str
    name: str
    groups: tuple[str, ...] = ()
    username: str = ""
    """Cognito's: not always the `sub`."""
    email_verified: bool = True


class Directory(Protocol):
    """Who can sign in at this moment."""

    def everyone(self) -> Sequence[User]: ...

    def one(self, sub: str) -> User | None: ...


class Listed:
    """A directory of the same people from start to end."""

    def __init__(self, users: Sequence[User]) -> None:
        self._users = {user.sub: user for user in users}

    def everyone(self) -> Sequence[User]:
        return tuple(self._users.values())

    def one(self, sub: str) -> User | None:
        return self._users.get(sub)


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
