"""The api function with a clock, a gateway and watchers of the test's, before the embedded AWS."""

import gzip
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import boto3
import pytest
import pytest_asyncio

from opencode_local.aws import REGION, EmbeddedAws
from served_site.aws_clients import s3_client
from served_site.fetched import Unreachable
from served_site.serving import Route
from share_sessions.api_site import Clients, api_site
from share_sessions.reading import Shares
from share_sessions.settings import api_settings
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table
from tests.functions.load_balancer import event
from tests.functions.sharing.watched import Watched, running

TABLE, BUCKET = "shares-that-functions-keep", "snapshots-that-functions-keep"
SHARING_URL = "https://share.example.com"
CALLERS: Mapping[str, dict[str, Any]] = {
    "ada": {"id": "a-1", "email": "Ada@example.com", "name": "Ada Lovelace", "groups": [], "kind": "token"},
    "grace": {"id": "g-2", "email": "grace@example.com", "name": None, "groups": ["developers"], "kind": "token"},
    "linus": {"id": "l-3", "email": None, "name": None, "groups": [], "kind": "key"},
    "admin": {"id": "r-4", "email": "root@example.com", "name": "Root", "groups": ["x", "admins"], "kind": "token"},
}
"""By their credential."""
GENERATIONS = count(1)


@dataclass(frozen=True)
class World:
    """What is the same for all tests."""

    clients: Clients
    environment: Mapping[str, str]

    def objects(self, share_id: str) -> list[str]:
        """Of all versions."""
        found = self.clients.s3.list_object_versions(Bucket=BUCKET, Prefix=f"snapshots/{share_id}/")
        return [
            version["Key"].rpartition("/")[2]
            for version in (*found.get("Versions", ()), *found.get("DeleteMarkers", ()))
        ]

    def entries(self, share_id: str) -> dict[str, Any]:
        """By name."""
        pages = self.clients.dynamodb.get_paginator("query").paginate(
            TableName=TABLE,
            KeyConditionExpression="#share = :share",
            ExpressionAttributeNames={"#share": "share"},
            ExpressionAttributeValues={":share": {"S": share_id}},
        )
        return {item["entry"]["S"]: item for page in pages for item in page["Items"]}


@dataclass
class Watchers:
    told: list[tuple[str, str, Any]] = field(default_factory=list)
    """What, of which share, and the frame."""
    on_end: Callable[[], None] = field(default=lambda: None)

    def post(self, share_id: str, frame: Mapping[str, Any]) -> None:
        self.told.append(("post", share_id, frame))

    def end(self, share_id: str) -> None:
        self.told.append(("end", share_id, None))
        self.on_end()

    def review(self, share_id: str) -> None:
        self.told.append(("review", share_id, None))


@dataclass(frozen=True)
class Made:
    id: str
    url: str
    secret: str


@dataclass
class Sharing:
    """The function as it is when it has just started."""

    world: World
    generation: int
    changes: Mapping[str, str] = field(default_factory=dict)
    """Of its environment."""
    now_s: float = 1_795_262_400.0
    asked: list[str] = field(default_factory=list)
    """Credentials that the gateway was asked about."""
    gateway_status: int = 200
    watchers: Watchers = field(default_factory=Watchers)

    def __post_init__(self) -> None:
        settings = api_settings({**self.world.environment, **self.changes})
        self._site = api_site(settings, self.world.clients, self.watchers, self.gateway, self._clock)
        table = Table(self.world.clients.dynamodb, TABLE)
        self.shares = Shares(table, Snapshots(self.world.clients.s3, BUCKET), self._clock)

    def ask(
        self, method: str, path: str, sent: Any = None, *, by: str | None = None, **query: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Status, document, headers. `sent` is the body as bytes, or a document of JSON."""
        asked = event("curl", path, method=method, headers={"authorization": f"Bearer {by}" if by else None})
        asked["multiValueQueryStringParameters"] = {name: [quote(value)] for name, value in query.items()}
        written = sent.decode() if isinstance(sent, bytes) else json.dumps(sent, ensure_ascii=False)
        asked["body"] = "" if sent is None else written
        answer = self._site.serve(asked)
        body = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        return answer["statusCode"], json.loads(body) if body else None, headers

    def made(self, by: str = "ada", **wishes: Any) -> Made:
        status, document, _ = self.ask("POST", "/api/share", {"sessionID": "ses_1", **wishes}, by=by)
        assert status == 200, document
        return Made(**document)

    def sync(self, share: Made, data: Any, version: int | None = None, **more: Any) -> int:
        """The sequence number."""
        sent = {"secret": share.secret, "data": data, **({} if version is None else {"version": version}), **more}
        status, document, _ = self.ask("POST", f"/api/share/{share.id}/sync", sent)
        assert status == 200, document
        assert document["success"] is True
        return int(document["sequence"])

    def data(self, share: Made, by: str | None = "ada") -> Any:
        """As OpenCode imports it, wherever it is redirected to."""
        status, document, headers = self.ask("GET", f"/api/share/{share.id}/data", by=by)
        if status == 302:
            with urlopen(headers["Location"], timeout=5) as found:  # noqa: S310  the embedded AWS
                assert found.headers["Content-Encoding"] == "gzip"
                return json.loads(gzip.decompress(found.read()))
        assert status == 200, document
        return document

    def another(self, **changes: str) -> "Sharing":
        """A second function, with the same clock's time."""
        return Sharing(self.world, self.generation, changes=changes, now_s=self.now_s)

    @property
    def routes(self) -> Sequence[Route]:
        return self._site.routes

    def _clock(self) -> float:
        return self.now_s

    def gateway(self, url: str, at_most_bytes: int, headers: Mapping[str, str] | None = None) -> bytes:
        assert url == "https://ai.example.com/v1/caller"
        assert headers
        credential = headers["Authorization"].removeprefix("Bearer ")
        self.asked.append(credential)
        if self.gateway_status != 200 or credential not in CALLERS:
            status = self.gateway_status if self.gateway_status != 200 else 401
            raise Unreachable(f"status {status}", status=status)
        caller = CALLERS[credential]
        return json.dumps({**caller, "id": f"{caller['id']}-{self.generation}"}).encode()[:at_most_bytes]


@pytest.fixture(scope="session")
def shares_world(aws: EmbeddedAws) -> World:
    environment = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": aws.url,
        "TABLE": TABLE,
        "BUCKET": BUCKET,
        "GATEWAY_URL": "https://ai.example.com",
        "SHARING_URL": SHARING_URL,
        "ADMIN_GROUPS": "admins, owners",
        "REDACTION": "warn",
        "LIVE_URL": "wss://live.example.com/live",
        "LIVE_ENDPOINT": "https://live.example.com/live",
    }
    # more patient than the function may be: a busy machine takes seconds for a thousand entries
    dynamodb = boto3.client("dynamodb", region_name=REGION, endpoint_url=aws.url)
    clients = Clients(dynamodb=dynamodb, s3=s3_client(environment))
    clients.dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "share", "KeyType": "HASH"}, {"AttributeName": "entry", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("share", "entry", "owner", "created_at")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "owner-index",
                "KeySchema": [
                    {"AttributeName": "owner", "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    clients.s3.create_bucket(Bucket=BUCKET)
    clients.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return World(clients, environment)


@pytest_asyncio.fixture
async def share() -> AsyncIterator[Watched]:
    """As its readers' browsers see it."""
    async with running(Watched()) as watched:
        yield watched


@pytest.fixture
def sharing(shares_world: World) -> Sharing:
    """To callers of its own, who have no share yet."""
    return Sharing(shares_world, generation=next(GENERATIONS))
