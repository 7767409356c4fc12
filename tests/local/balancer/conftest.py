"""Who signs in through a load balancer, and where."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.local.balancer.signing_in import Site, site
from tests.local.balancer.visitor import Visitor, visitor
from tests.local.browser import Clock


@pytest_asyncio.fixture(scope="module")
async def sign_in_site() -> AsyncIterator[Site]:
    async with site(Clock()) as running:
        yield running


@pytest.fixture
def here(sign_in_site: Site) -> Site:
    """With a scripted provider that is in order."""
    sign_in_site.provider.clear()
    return sign_in_site


@pytest_asyncio.fixture
async def ada() -> AsyncIterator[Visitor]:
    async with visitor() as new:
        yield new


@pytest_asyncio.fixture
async def mallory() -> AsyncIterator[Visitor]:
    async with visitor() as new:
        yield new
