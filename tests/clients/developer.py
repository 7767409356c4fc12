"""A person who signs in, makes a key and leaves usage records."""

from dataclasses import dataclass
from typing import Any

from opencode_local.issuer import Issuer
from tests.router.running import Router, plain
from tests.tables import USAGE_TABLE


@dataclass(frozen=True)
class Developer:
    email: str
    jwt: str
    api_key: str
    router: Router

    async def usage(self) -> list[dict[str, Any]]:
        """What the gateway has recorded about them, oldest first."""
        await self.router.gateway.ledger.flush()
        pages = (
            self.router.world.aws.dynamodb()
            .get_paginator("scan")
            .paginate(
                TableName=USAGE_TABLE,
                FilterExpression="email = :email",
                ExpressionAttributeValues={":email": {"S": self.email}},
            )
        )
        items = [{name: plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]
        return sorted(items, key=lambda item: str(item["started_at"]))


async def sign_up(router: Router, issuer: Issuer, email: str) -> Developer:
    jwt = issuer.token("ada", sub=email, email=email)
    async with router.client.post("/v1/api-keys", headers={"Authorization": f"Bearer {jwt}"}) as response:
        assert response.status == 201, await response.text()
        return Developer(email, jwt, str((await response.json())["key"]), router)
