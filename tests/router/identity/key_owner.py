"""Somebody who has API keys."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientResponse

from tests.router.identity.stage import Stage, StagedRouter

DAY_S = 24 * 3600
UNKNOWN_KEY = "oc_" + "A" * 43

Json = dict[str, Any]


class Person:
    """Somebody signed in at one router."""

    def __init__(self, stage: Stage, router: StagedRouter, name: str = "ada") -> None:
        self.router = router
        now_s = int(stage.clock())
        token = stage.issuer.token(sub=name, email=f"{name}@example.com", iat=now_s, exp=now_s + 400 * DAY_S)
        self.headers = {"Authorization": f"Bearer {token}"}

    async def create(self, order: Json | None = None, *, body: bytes | None = None) -> ClientResponse:
        return await self.router.http.post("/v1/api-keys", json=order, data=body, headers=self.headers)

    async def key(self, **order: Any) -> str:
        response = await self.create(order)
        assert response.status == 201
        return str((await response.json())["key"])

    async def list(self) -> list[Json]:
        response = await self.router.http.get("/v1/api-keys", headers=self.headers)
        assert response.status == 200
        data: list[Json] = (await response.json())["data"]
        return data

    async def revoke(self, key_prefix: str) -> ClientResponse:
        return await self.router.http.delete(f"/v1/api-keys/{key_prefix}", headers=self.headers)


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stored(stage: Stage, key: str) -> Json:
    """The key's item as boto3 reads it."""
    item: Json = stage.dynamodb.client.get_item(
        TableName=stage.table, Key={"key_hash": {"S": hashlib.sha256(key.encode()).hexdigest()}}
    )["Item"]
    return item
