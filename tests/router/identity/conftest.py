"""A router's identity on a stage of its own: an issuer that misbehaves on demand, a clock that tests turn."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.router.identity.stage import LocalDynamoDB, Stage, StagedRouter, local_dynamodb, staged


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[LocalDynamoDB]:
    with local_dynamodb() as server:
        yield server


@pytest.fixture
async def stage(dynamodb: LocalDynamoDB) -> AsyncIterator[Stage]:
    async with staged(dynamodb) as stage:
        yield stage


@pytest.fixture
async def router(stage: Stage) -> StagedRouter:
    return await stage.router()
