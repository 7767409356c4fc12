"""A user pool and somebody at a browser, for all tests of a module."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from opencode_local.aws import EmbeddedAws
from tests.local.balancer.visitor import Visitor, visitor
from tests.local.browser import Clock
from tests.local.user_pool.site import WEB, PoolSite, started_pool
from tests.local.user_pool.visits import LOCAL_WEB


@pytest.fixture(scope="module")
def here(aws: EmbeddedAws, clock: Clock) -> Iterator[PoolSite]:
    """A user pool that runs, whose browsers come back to LOCAL_WEB."""
    site = started_pool(aws, clock)
    site.addresses.stand(WEB, LOCAL_WEB)
    yield site
    site.pool.stop()


@pytest_asyncio.fixture
async def ada() -> AsyncIterator[Visitor]:
    async with visitor() as new:
        yield new
