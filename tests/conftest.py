"""One world for all tests of a session: AWS, an issuer, Bedrock's stand-in, and a router with its defaults."""

import gc
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from opencode_local.aws import CREDENTIALS, EmbeddedAws
from opencode_local.bedrock import BedrockStandIn
from opencode_local.issuer import Issuer
from tests.browser import chromium, page
from tests.router.running import Router, World, running_router
from tests.tables import create_tables

__all__ = ["chromium", "page"]

ADA = "ada"
YOUNG_OBJECTS = 100_000
"""More of them than Python's 700 before they are looked through: here they are seldom garbage."""

gc.disable()  # until everything is imported


def pytest_collection_finish() -> None:
    """What was imported stays to the end: to walk it with each collection took a sixth of the suite's time."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    gc.enable()


@pytest.fixture(scope="session")
def aws() -> Iterator[EmbeddedAws]:
    embedded = EmbeddedAws()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL_DYNAMODB": embedded.start()}.items():
            environment.setenv(name, value)
        create_tables(embedded.dynamodb())
        yield embedded
    embedded.stop()


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    running = Issuer()
    running.start()
    yield running
    running.stop()


@pytest_asyncio.fixture(scope="session")
async def world(aws: EmbeddedAws, issuer: Issuer) -> AsyncIterator[World]:
    bedrock = BedrockStandIn()
    await bedrock.start()
    yield World(aws, issuer, bedrock)
    await bedrock.stop()


@pytest_asyncio.fixture(scope="session")
async def router(world: World) -> AsyncIterator[Router]:
    async with running_router(world) as running:
        yield running


@pytest.fixture
def bedrock(world: World) -> Iterator[BedrockStandIn]:
    """The stand-in without orders or calls of earlier tests."""
    world.bedrock.clear()
    yield world.bedrock
    world.bedrock.clear()


@pytest.fixture(scope="session")
def jwt(issuer: Issuer) -> str:
    return issuer.token(ADA)


@pytest_asyncio.fixture(scope="session")
async def api_key(router: Router, jwt: str) -> str:
    async with router.client.post("/v1/api-keys", headers={"Authorization": f"Bearer {jwt}"}) as response:
        assert response.status == 201, await response.text()
        return str((await response.json())["key"])


@pytest.fixture(scope="session")
def as_ada(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key}"}
