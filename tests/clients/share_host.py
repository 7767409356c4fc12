"""The share host's function behind a port of this machine, its answers made in the test's own process."""

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from opencode_local.aws import REGION, EmbeddedAws
from served_site.aws_clients import client, s3_client
from served_site.fetched import fetched
from served_site.serving import Site
from share_sessions.api_site import Clients, api_site
from share_sessions.settings import api_settings

TABLE, BUCKET = "shares-of-agents", "shares-of-agents"
MOST_BYTES = 2**20
"""Of a body, as a load balancer hands it to a function."""


class Unwatched:
    """Nobody looks on."""

    def post(self, share_id: str, frame: Mapping[str, Any]) -> None: ...

    def end(self, share_id: str) -> None: ...

    def review(self, share_id: str) -> None: ...


@dataclass
class ShareHost:
    url: str = ""
    site: Site | None = None
    answered: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, last segment of the path, status."""

    async def handle(self, request: web.Request) -> web.Response:
        assert self.site is not None
        event = {
            "httpMethod": request.method,
            "path": request.raw_path.partition("?")[0],
            "multiValueHeaders": {name: request.headers.getall(name) for name in request.headers},
            "multiValueQueryStringParameters": {name: request.query.getall(name) for name in request.query},
            "body": await request.text(),
            "isBase64Encoded": False,
        }
        answer = await asyncio.to_thread(self.site.serve, event)
        body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        self.answered.append((request.method, request.path.rpartition("/")[2], answer["statusCode"]))
        headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        return web.Response(status=answer["statusCode"], headers=headers, body=body)


@asynccontextmanager
async def share_host(aws: EmbeddedAws, gateway_url: str) -> AsyncIterator[ShareHost]:
    """With a table and a bucket of its own."""
    host = ShareHost()
    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_route("*", "/{path:.*}", host.handle)
    environment = {**os.environ, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": aws.url, "TABLE": TABLE, "BUCKET": BUCKET}
    clients = Clients(dynamodb=client("dynamodb", environment), s3=s3_client(environment))
    clients.s3.create_bucket(Bucket=BUCKET)
    create_table(clients.dynamodb)
    async with TestServer(app) as server:
        host.url = str(server.make_url("")).rstrip("/")
        settings = api_settings(
            {**environment, "GATEWAY_URL": gateway_url, "SHARING_URL": host.url, "LIVE_ENDPOINT": gateway_url}
        )
        host.site = api_site(settings, clients, Unwatched(), fetched, time.time)
        yield host


def create_table(dynamodb: Any) -> None:
    names = ("share", "entry", "owner", "created_at")
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=key_schema("share", "entry"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "owner-index",
                "KeySchema": key_schema("owner", "created_at"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def key_schema(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [{"AttributeName": hash_key, "KeyType": "HASH"}, {"AttributeName": range_key, "KeyType": "RANGE"}]
