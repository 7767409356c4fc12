"""Who may see a share, and who may change it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Visibility = Literal["organisation", "people", "link"]
"""Whoever can sign in; those who are listed, the owner and administrators; whoever has the address."""
VISIBILITIES: Mapping[str, Visibility] = {name: name for name in get_args(Visibility)}
DEFAULT: Visibility = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody whose identity is verified."""

    id: str
    """The issuer's `sub`, as the owner's."""
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    """In lower case; empty where it is not known."""
    groups: frozenset[str] = field(default=frozenset(), repr=False)

    def is_administrator(self, admin_groups: Collection[str]) -> bool:
        return not self.groups.isdisjoint(admin_groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a share says of who may see it."""

    owner: str
    visibility: Visibility
    people: tuple[str, ...] = field(repr=False)
    """E-mail addresses in lower case."""


def may_see(access: Access, reader: Reader | None, admin_groups: Collection[str]) -> bool:
    """`reader` is None for somebody who has not signed in."""
    if access.visibility == "link":
        return True
    if reader is None:
        return False
    is_listed = access.visibility == "organisation" or reader.email in access.people
    return is_listed or may_change(access.owner, reader, admin_groups)


def may_change(owner: str, reader: Reader, admin_groups: Collection[str]) -> bool:
    """And delete."""
    return reader.id == owner or reader.is_administrator(admin_groups)
