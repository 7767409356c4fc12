"""What one router process owns: opened together, closed together, in order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from aiohttp import web

from opencode_router.admission.slots import Slots
from opencode_router.bedrock.client import Bedrock
from opencode_router.bedrock.credentials import BearerTokens, SigV4
from opencode_router.catalogue.choose import Catalogue
from opencode_router.catalogue.load import load
from opencode_router.catalogue.model import Surface
from opencode_router.errors import ShuttingDown
from opencode_router.identity.api_keys import ApiKeys
from opencode_router.identity.claims import TokenPolicy
from opencode_router.identity.identity import Identity
from opencode_router.identity.issuer import Issuer
from opencode_router.identity.jwks import Jwks
from opencode_router.identity.key_table import KeyTable
from opencode_router.identity.tokens import TokenVerifier
from opencode_router.metrics import Metrics
from opencode_router.relay.passage import Pace
from opencode_router.releases.bucket import bucket_url
from opencode_router.releases.downloads import Downloads
from opencode_router.settings import BedrockAuth, Settings
from opencode_router.usage.exchange import Choice
from opencode_router.usage.history import History
from opencode_router.usage.ledger import Ledger
from opencode_router.usage.record import UsageRecord
from opencode_router.usage.usage_table import UsageTable

FLUSH_S = 8.0
"""For the last usage records, within the two minutes that ECS allows from SIGTERM to SIGKILL."""
ISSUER_TIMEOUT_S = 10.0
DYNAMODB = AioConfig(
    connect_timeout=2, read_timeout=5, max_pool_connections=50, retries={"mode": "standard", "total_max_attempts": 3}
)


@dataclass(kw_only=True)
class Gateway:
    """Everything the endpoints need."""

    settings: Settings
    catalogue: Catalogue
    identity: Identity
    bedrock: Bedrock
    ledger: Ledger
    history: History
    slots: Slots
    pace: Pace
    metrics: Metrics
    downloads: Downloads | None = None
    """None without RELEASES_BUCKET."""
    choices: dict[tuple[str, str | None, Surface], Choice] = field(default_factory=dict)
    """The newest of every kind that was asked for; no more than the catalogue has names."""
    is_draining: bool = False

    def record(self, record: UsageRecord) -> None:
        self.metrics.settled(record)
        self.ledger.record(record)

    def refuse_if_draining(self) -> None:
        """Raises ShuttingDown."""
        if self.is_draining:
            raise ShuttingDown

    async def drain(self) -> None:
        """Refuses new work and waits for open answers; at the deadline each is ended with an error of its protocol."""
        self.is_draining = True
        if not await self.slots.all_free(within_s=self.settings.drain_s):
            for passage in self.slots.holders:
                passage.abort(ShuttingDown())
            await self.slots.all_free(within_s=FLUSH_S)


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """Opens what a router needs; closes it in the opposite order. Raises CatalogueError."""
    catalogue = load(settings.catalogue_files, settings.catalogue_overlay)
    metrics = Metrics()
    async with AsyncExitStack() as opened:
        session = AioSession()
        dynamodb = await opened.enter_async_context(
            session.create_client("dynamodb", region_name=settings.aws_region, config=DYNAMODB)
        )
        usage_table = UsageTable(
            name=settings.usage_table,
            url=dynamodb.meta.endpoint_url,
            region=settings.aws_region,
            credentials=await session.get_credentials(),
        )
        opened.push_async_callback(usage_table.close)
        ledger = Ledger(
            usage_table, retention_days=settings.usage_retention_days, on_failure=metrics.ledger_failures.inc
        )
        opened.push_async_callback(ledger.close, within_s=FLUSH_S)
        identity = await opened.enter_async_context(open_identity(settings, dynamodb))
        bedrock = await open_bedrock(settings, session)
        opened.push_async_callback(bedrock.close)
        gateway = Gateway(
            settings=settings,
            catalogue=catalogue,
            identity=identity,
            bedrock=bedrock,
            ledger=ledger,
            history=History(usage_table),
            slots=Slots(settings.max_concurrent_calls),
            pace=pace_of(settings),
            metrics=metrics,
            downloads=await open_downloads(settings, session),
        )
        metrics.open_calls.set_function(lambda: gateway.slots.taken)
        metrics.ledger_backlog.set_function(lambda: ledger.backlog)
        yield gateway


@asynccontextmanager
async def open_identity(settings: Settings, dynamodb: AioBaseClient) -> AsyncIterator[Identity]:
    policy = TokenPolicy(
        issuer=settings.oidc_issuer,
        audiences=settings.oidc_audiences,
        audience_claim=settings.oidc_audience_claim,
        token_uses=settings.oidc_token_uses,
    )
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ISSUER_TIMEOUT_S)) as session:
        issuer = Issuer(session, issuer=settings.oidc_issuer, jwks_url=settings.oidc_jwks_url)
        keys = ApiKeys(KeyTable(dynamodb, settings.keys_table))
        identity = Identity(
            tokens=TokenVerifier(policy, Jwks(issuer)), keys=keys, minimum_client=settings.minimum_client
        )
        try:
            yield identity
        finally:
            await identity.close()


async def open_bedrock(settings: Settings, session: AioSession) -> Bedrock:
    credentials = await session.get_credentials()
    is_bearer = settings.bedrock_auth is BedrockAuth.BEARER
    return Bedrock(
        region=settings.aws_region,
        runtime_url=settings.bedrock_runtime_url,
        mantle_url=settings.bedrock_mantle_url,
        signer=(BearerTokens if is_bearer else SigV4)(credentials, settings.aws_region),
        connect_timeout_s=settings.connect_timeout_s,
    )


async def open_downloads(settings: Settings, session: AioSession) -> Downloads | None:
    if settings.releases_bucket is None:
        return None
    endpoint_url = settings.aws_endpoint_url_s3 or settings.aws_endpoint_url
    return Downloads(
        bucket_url=bucket_url(settings.releases_bucket, settings.aws_region, endpoint_url),
        region=settings.aws_region,
        credentials=await session.get_credentials(),
    )


def pace_of(settings: Settings) -> Pace:
    return Pace(
        first_event_s=settings.first_event_timeout_s,
        idle_s=settings.idle_timeout_s,
        answer_s=settings.answer_timeout_s,
        keep_alive_s=settings.keep_alive_s,
    )


GATEWAY = web.AppKey("gateway", Gateway)
