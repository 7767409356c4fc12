"""People of user pools that outlive a run: each keeps the `sub` by which tables know them."""

from collections.abc import Sequence
from typing import Any, TypedDict

from opencode_local.issuer.pool_people import Newcomer, attributes, create, signs_in_by_email

OWN = frozenset({"sub", "cognito:user_status"})
"""Attributes that whoever creates a person cannot choose."""


class Person(TypedDict):
    """One user of a pool."""

    username: str
    sub: str
    attributes: dict[str, str]
    groups: list[str]
    is_enabled: bool


def everyone(client: Any, pool_id: str) -> list[Person]:
    """`client` is boto3's for `cognito-idp`."""
    pages = client.get_paginator("list_users").paginate(UserPoolId=pool_id)
    return [person(client, pool_id, found) for page in pages for found in page["Users"]]


def person(client: Any, pool_id: str, found: Any) -> Person:
    told = attributes(found)
    groups = client.admin_list_groups_for_user(UserPoolId=pool_id, Username=found["Username"])["Groups"]
    return Person(
        username=found["Username"],
        sub=told["sub"],
        attributes={name: value for name, value in told.items() if name not in OWN},
        groups=[group["GroupName"] for group in groups],
        is_enabled=found["Enabled"],
    )


def invite(client: Any, pool_id: str, people: Sequence[Person]) -> None:
    """Into a pool that has none of them; groups that the program no longer declares are left away."""
    there = {group["GroupName"] for group in client.list_groups(UserPoolId=pool_id)["Groups"]}
    by_email = signs_in_by_email(client, pool_id)
    for one in people:
        email = one["attributes"].get("email", "")
        newcomer = Newcomer(
            username=email if by_email and email else one["username"],
            sub=one["sub"],
            attributes=one["attributes"],
            groups=there.intersection(one["groups"]),
        )
        who = create(client, pool_id, newcomer)
        if not one["is_enabled"]:
            client.admin_disable_user(**who)
