"""The people of a user pool, as the embedded AWS has them: read anew each time, so that its API decides."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from opencode_local.issuer.people import User

NAMED_BY_EMAIL = "email"


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """Somebody to create in a pool, with the `sub` by which tables know them."""

    username: str
    """The e-mail address in a pool whose people sign in by it."""
    sub: str
    attributes: Mapping[str, str]
    groups: Collection[str]
    """Some of the pool's."""


def create(client: Any, pool_id: str, newcomer: Newcomer) -> Mapping[str, str]:
    """Parameters that name the new user in further calls of `client`, boto3's for `cognito-idp`."""
    created = client.admin_create_user(
        UserPoolId=pool_id,
        Username=newcomer.username,
        UserAttributes=pairs(newcomer.attributes),
        MessageAction="SUPPRESS",
    )["User"]
    person = {"UserPoolId": pool_id, "Username": created["Username"]}
    client.admin_update_user_attributes(**person, UserAttributes=pairs({"sub": newcomer.sub}))
    for group in sorted(newcomer.groups):
        client.admin_add_user_to_group(**person, GroupName=group)
    return person


def signs_in_by_email(client: Any, pool_id: str) -> bool:
    pool = client.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return NAMED_BY_EMAIL in pool.get("UsernameAttributes", ())


class PoolPeople:
    """The directory of one pool; `client` is boto3's for `cognito-idp`, whose calls block."""

    def __init__(self, client: Any, pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id

    def everyone(self) -> Sequence[User]:
        """Who is enabled, by name."""
        enabled = (self._user(found) for found in self._found() if found["Enabled"])
        return sorted(enabled, key=lambda user: user.name.casefold())

    def one(self, sub: str) -> User | None:
        """None for who is unknown or disabled."""
        found = next((found for found in self._found() if attributes(found).get("sub") == sub), None)
        return self._user(found) if found and found["Enabled"] else None

    def invite(self, users: Sequence[User]) -> None:
        """Makes those that are not there yet, and puts them into those of their groups that the pool has.

        Their `sub` follows from their e-mail address, so that it is the same in every run: what a real pool would
        never allow. In a pool whose people sign in by e-mail address that is what they are created by.
        """
        by_email = signs_in_by_email(self._client, self._pool_id)
        groups = {group["GroupName"] for group in self._pages("list_groups", "Groups")}
        known = {attributes(found).get("email") for found in self._found()}
        for user in users:
            if user.email not in known:
                self._create(user, username=user.email if by_email else user.sub, groups=groups & set(user.groups))

    def _create(self, user: User, *, username: str, groups: set[str]) -> None:
        told = {"email": user.email, "email_verified": "true", "name": user.name}
        made = Newcomer(username=username, sub=stable_sub(user), attributes=told, groups=groups)
        create(self._client, self._pool_id, made)

    def _found(self) -> Iterator[Mapping[str, Any]]:
        return self._pages("list_users", "Users")

    def _user(self, found: Mapping[str, Any]) -> User:
        told, username = attributes(found), found["Username"]
        groups = self._pages("admin_list_groups_for_user", "Groups", Username=username)
        return User(
            sub=told["sub"],
            username=username,
            email=told.get("email", ""),
            email_verified=told.get("email_verified") == "true",
            name=told.get("name") or told.get("email") or username,
            groups=tuple(sorted(group["GroupName"] for group in groups)),
        )

    def _pages(self, method: str, member: str, **params: Any) -> Iterator[Mapping[str, Any]]:
        for page in self._client.get_paginator(method).paginate(UserPoolId=self._pool_id, **params):
            yield from page[member]


def attributes(found: Mapping[str, Any]) -> Mapping[str, str]:
    return {each["Name"]: each["Value"] for each in found.get("Attributes", ())}


def pairs(told: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in told.items()]


def stable_sub(user: User) -> str:
    return str(uuid5(NAMESPACE_URL, f"mailto:{user.email}"))


def called(user: User, name: str) -> bool:
    """Whether `name` means this person: by `sub`, username, e-mail address or the part of it before the `@`."""
    return name in {user.sub, user.username, user.email, user.email.partition("@")[0]}
