"""The router as tests run it: the real application on a real port, in the test's own event loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from opencode_local.aws import REGION, EmbeddedAws
from opencode_local.bedrock import BedrockStandIn
from opencode_local.issuer import CLI_CLIENT_ID, Issuer
from opencode_local.issuer.openid import OPENID
from opencode_local.ports import free_port
from opencode_router.app import build_app
from opencode_router.gateway import Gateway, open_gateway
from opencode_router.server import listen
from opencode_router.settings import Settings
from opencode_router.wire.client_settings import ClientConfig
from tests.tables import KEYS_TABLE, USAGE_TABLE

RELEASES_BUCKET = "gateway-releases"


@dataclass(frozen=True)
class World:
    """All that stands around a router."""

    aws: EmbeddedAws
    issuer: Issuer
    bedrock: BedrockStandIn


@dataclass(frozen=True)
class Router:
    """A running router, seen from outside, and its insides for what cannot be seen."""

    url: str
    gateway: Gateway
    world: World
    client: aiohttp.ClientSession

    async def usage(self, request_id: str) -> dict[str, Any]:
        """The usage record of one request, as an operator reads it: numbers are numbers."""
        await self.gateway.ledger.flush()
        key = {"request_id": {"S": request_id}}
        item = self.world.aws.dynamodb().get_item(TableName=USAGE_TABLE, Key=key).get("Item", {})
        return {name: plain(value) for name, value in item.items()}

    def count_usage(self) -> int:
        return int(self.world.aws.dynamodb().scan(TableName=USAGE_TABLE, Select="COUNT")["Count"])


def plain(value: dict[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return int(content) if kind == "N" else content


def settings_for(world: World, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "aws_region": REGION,
        "oidc_issuer": world.issuer.url,
        "oidc_audiences": (CLI_CLIENT_ID,),
        "keys_table": KEYS_TABLE,
        "usage_table": USAGE_TABLE,
        "bedrock_runtime_url": world.bedrock.url,
        "bedrock_mantle_url": world.bedrock.url,
        "releases_bucket": RELEASES_BUCKET,
        "aws_endpoint_url_s3": world.aws.url,
        "host": "127.0.0.1",
        "port": 0,
        "drain_s": 1.0,
    }
    return Settings(**{**values, **changes})


def client_config(issuer: Issuer, api_url: str) -> ClientConfig:
    """As the program exports it, of the local issuer, which takes any loopback port."""
    places: dict[str, Any] = {
        name: issuer.url + path for name, path in OPENID.paths.items() if name.endswith("_endpoint")
    }
    del places["userinfo_endpoint"]
    return ClientConfig(
        api_url=api_url,
        region=REGION,
        issuer=issuer.url,
        client_id=CLI_CLIENT_ID,
        scopes=("openid", "email", "profile", "offline_access"),
        callback_ports=(free_port(0), free_port(0)),
        jwks_url=issuer.url + OPENID.paths["jwks_uri"],
        **places,
    )


@asynccontextmanager
async def running_router(world: World, **changes: Any) -> AsyncIterator[Router]:
    """A router of its own, with some settings changed. It tells clients where it is."""
    port = free_port(0)
    url = f"http://127.0.0.1:{port}"
    published = {"client_config": client_config(world.issuer, url)}
    async with open_gateway(settings_for(world, **{**published, **changes})) as gateway:
        runner = await listen(build_app(gateway), "127.0.0.1", port)
        async with aiohttp.ClientSession(url) as client:
            yield Router(url=url, gateway=gateway, world=world, client=client)
        await runner.cleanup()
