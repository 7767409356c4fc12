"""A stage for identity: a real issuer on loopback, a DynamoDB, and routers that share them and one clock."""

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Thread
from typing import Any

import boto3
import jwt
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from opencode_router.endpoints import api_keys
from opencode_router.errors import RouterError
from opencode_router.identity.api_keys import API_KEYS, ApiKeys
from opencode_router.identity.claims import TokenPolicy
from opencode_router.identity.identity import IDENTITY, Identity
from opencode_router.identity.issuer import Issuer
from opencode_router.identity.jwks import Jwks
from opencode_router.identity.key_table import KeyTable
from opencode_router.identity.tokens import TokenVerifier
from opencode_router.protocol import OPENAI

START_S = 1_800_000_000.0
AUDIENCE = "gateway-cli"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())

Json = dict[str, Any]


class Clock:
    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


def rsa_jwk(key: rsa.RSAPrivateKey, kid: str | None) -> Json:
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**public, "use": "sig", "alg": "RS256", **({"kid": kid} if kid else {})}


def ec_jwk(key: ec.EllipticCurvePrivateKey, kid: str) -> Json:
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "use": "sig", "kid": kid}


@dataclass
class StagedIssuer:
    """Publishes `jwks`, or answers with `fault` instead; counts who asks."""

    jwks: Json = field(default_factory=lambda: {"keys": [rsa_jwk(RSA_KEY, "rsa-1"), ec_jwk(EC_KEY, "ec-1")]})
    url: str = ""
    named_issuer: str | None = None
    named_jwks_url: str | None = None
    fault: web.Response | None = None
    discoveries: int = 0
    fetches: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_get("/moved", self._moved)
        return app

    async def _discovery(self, request: web.Request) -> web.Response:
        self.discoveries += 1
        return web.json_response(
            {"issuer": self.named_issuer or self.url, "jwks_uri": self.named_jwks_url or f"{self.url}/jwks"}
        )

    async def _jwks(self, request: web.Request) -> web.Response:
        self.fetches += 1
        await self.gate.wait()
        if self.fault is not None:
            return web.Response(status=self.fault.status, body=self.fault.body, headers=self.fault.headers)
        return await self._moved(request)

    async def _moved(self, request: web.Request) -> web.Response:
        return web.json_response(self.jwks)

    def claims(self, **changes: Any) -> Json:
        """Good claims, changed; None removes a claim."""
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "email": "ada@example.com"}
        times = {"iat": int(START_S), "exp": int(START_S) + 3600}
        return {name: value for name, value in {**good, **times, **changes}.items() if value is not None}

    def token(self, *, header: Mapping[str, Any] | None = None, key: Any = RSA_KEY, **claims: Any) -> str:
        header = {"kid": "rsa-1", "alg": "RS256", **(header or {})}
        present = {name: value for name, value in header.items() if value is not None}
        return jwt.encode(self.claims(**claims), key, algorithm=header["alg"], headers=present)


def segment(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@dataclass
class LocalDynamoDB:
    """One request at a time: moto's transactions are not isolated from each other."""

    url: str
    calls: list[str] = field(default_factory=list)
    """Names of the operations asked for, in order."""

    @cached_property
    def client(self) -> Any:
        """As an operator's script would have it."""
        return boto3.client("dynamodb", endpoint_url=self.url, region_name="us-east-1", **CREDENTIALS)

    def create_table(self) -> str:
        name = f"keys-{uuid.uuid4().hex}"
        self.client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "key_hash", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": column, "AttributeType": "S"} for column in ("key_hash", "user_sub", "created_at")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "user-sub-index",
                    "KeySchema": [
                        {"AttributeName": "user_sub", "KeyType": "HASH"},
                        {"AttributeName": "created_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        return name


AWS = AioSession()
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def local_dynamodb() -> Iterator[LocalDynamoDB]:
    moto = DomainDispatcherApplication(create_backend_app)
    dynamodb = LocalDynamoDB("")

    def counting(environ: Json, start_response: Any) -> Any:
        dynamodb.calls.append(environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2])
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, counting, threaded=False, request_handler=Quiet)
    dynamodb.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield dynamodb
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class StagedRouter:
    """What one router process has."""

    http: TestClient[web.Request, web.Application]
    identity: Identity
    table: KeyTable

    async def whoami(self, token: str | None = None, *, headers: Any = None) -> ClientResponse:
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.get("/whoami", headers=headers or bearer)

    async def refusal(self, token: str | None = None, *, headers: Any = None) -> tuple[int, str]:
        """Status and code of the error."""
        response = await self.whoami(token, headers=headers)
        return response.status, (await response.json())["error"]["code"]


@dataclass
class Stage:
    clock: Clock
    issuer: StagedIssuer
    dynamodb: LocalDynamoDB
    table: str
    session: ClientSession
    opened: AsyncExitStack

    async def router(
        self, *, dynamodb_url: str | None = None, page_size: int | None = None, **policy: Any
    ) -> StagedRouter:
        """A router process; `policy` changes the token policy."""
        config = AioConfig(retries={"total_max_attempts": 1}, connect_timeout=30, read_timeout=30)
        dynamodb = await self.opened.enter_async_context(
            AWS.create_client(
                "dynamodb",
                endpoint_url=dynamodb_url or self.dynamodb.url,
                region_name="us-east-1",
                config=config,
                **CREDENTIALS,
            )
        )
        if page_size:
            dynamodb.meta.events.register(
                "provide-client-params.dynamodb.Query", lambda params, **_: {**params, "Limit": page_size}
            )
        now, table = self.clock, KeyTable(dynamodb, self.table)
        identity = Identity(
            tokens=TokenVerifier(
                TokenPolicy(**{"issuer": self.issuer.url, "audiences": (AUDIENCE,), **policy}),
                Jwks(Issuer(self.session, issuer=self.issuer.url), now=now),
                now=now,
            ),
            keys=ApiKeys(table, now=now),
        )
        self.opened.push_async_callback(identity.close)
        http = await self.opened.enter_async_context(TestClient(TestServer(app_of(identity))))
        return StagedRouter(http, identity, table)


def app_of(identity: Identity) -> web.Application:
    app = web.Application(middlewares=[render_errors])
    app[IDENTITY], app[API_KEYS] = identity, identity.keys
    app.router.add_get("/whoami", whoami)
    app.router.add_post("/v1/api-keys", api_keys.create)
    app.router.add_get("/v1/api-keys", api_keys.listing)
    app.router.add_delete("/v1/api-keys/{key_prefix}", api_keys.revoke)
    return app


async def whoami(request: web.Request) -> web.Response:
    caller = await request.app[IDENTITY].identify(request.headers)
    return web.json_response(
        {"id": caller.id, "email": caller.email, "groups": list(caller.groups), "key_prefix": caller.key_prefix}
    )


@web.middleware
async def render_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RouterError as error:
        return web.Response(
            status=error.status, body=OPENAI.error_body(error, "req_1"), content_type="application/json"
        )


@asynccontextmanager
async def staged(dynamodb: LocalDynamoDB) -> AsyncIterator[Stage]:
    issuer = StagedIssuer()
    issuer.gate.set()
    async with AsyncExitStack() as opened:
        server = await opened.enter_async_context(TestServer(issuer.app(), host="127.0.0.1"))
        issuer.url = str(server.make_url("")).rstrip("/")
        session = await opened.enter_async_context(ClientSession())
        yield Stage(Clock(), issuer, dynamodb, dynamodb.create_table(), session, opened)
