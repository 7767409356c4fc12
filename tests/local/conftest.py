"""What the tests of the local run share."""

from collections.abc import AsyncIterator, Iterator

import pytest

from opencode_local.bedrock import BedrockStandIn
from opencode_local.issuer import Issuer
from tests.local.bedrock_callers import SECRET_KEY
from tests.local.browser import Browser, Clock, opened


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def issuer(clock: Clock) -> Iterator[Issuer]:
    """One for all tests of a module: a sign-in in one is nothing to another."""
    started = Issuer(clock=clock)
    started.start()
    yield started
    started.stop()


@pytest.fixture
async def browser(issuer: Issuer) -> AsyncIterator[Browser]:
    async with opened(issuer) as new:
        yield new


@pytest.fixture
async def stand_in() -> AsyncIterator[BedrockStandIn]:
    """A Bedrock of its own for each test."""
    stand_in = BedrockStandIn(secret_key=SECRET_KEY)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()
