"""People of user pools that outlive a run: each keeps the `sub` by which tables know them."""

from collections.abc import Sequence
from typing import Any, TypedDict

OWN = frozenset({"sub", "cognito:user_status"})
"""Attributes that whoever creates a person cannot choose."""


class Person(TypedDict):
    """One user of a pool."""

    username: str
    sub: str
    attributes: list[dict[str, str]]
    groups: list[str]
    is_enabled: bool


def everyone(client: Any, pool_id: str) -> list[Person]:
    """`client` is boto3's for `cognito-idp`."""
    pages = client.get_paginator("list_users").paginate(UserPoolId=pool_id)
    return [person(client, pool_id, found) for page in pages for found in page["Users"]]


def person(client: Any, pool_id: str, found: Any) -> Person:
    told = {each["Name"]: each["Value"] for each in found["Attributes"]}
    groups = client.admin_list_groups_for_user(UserPoolId=pool_id, Username=found["Username"])["Groups"]
    return Person(
        username=found["Username"],
        sub=told["sub"],
        attributes=pairs({name: value for name, value in told.items() if name not in OWN}),
        groups=[group["GroupName"] for group in groups],
        is_enabled=found["Enabled"],
    )


def invite(client: Any, pool_id: str, people: Sequence[Person]) -> None:
    """Into a pool that has none of them; groups that the program no longer declares are left away."""
    there = {group["GroupName"] for group in client.list_groups(UserPoolId=pool_id)["Groups"]}
    by_email = "email" in client.describe_user_pool(UserPoolId=pool_id)["UserPool"].get("UsernameAttributes", ())
    for one in people:
        email = next((each["Value"] for each in one["attributes"] if each["Name"] == "email"), "")
        created = client.admin_create_user(
            UserPoolId=pool_id,
            Username=email if by_email and email else one["username"],
            UserAttributes=one["attributes"],
            MessageAction="SUPPRESS",
        )["User"]
        who = {"UserPoolId": pool_id, "Username": created["Username"]}
        client.admin_update_user_attributes(**who, UserAttributes=pairs({"sub": one["sub"]}))
        for group in there.intersection(one["groups"]):
            client.admin_add_user_to_group(**who, GroupName=group)
        if not one["is_enabled"]:
            client.admin_disable_user(**who)


def pairs(told: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in told.items()]
