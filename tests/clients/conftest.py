"""Developers who use the gateway, each with nothing on record yet."""

from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from opencode_local.issuer import Issuer
from tests.clients.agents import Desk
from tests.clients.developer import Developer, sign_up
from tests.router.running import Router

NUMBERS = count(1)


@pytest_asyncio.fixture
async def developer(router: Router, issuer: Issuer) -> Developer:
    return await sign_up(router, issuer, f"developer-{next(NUMBERS)}@example.com")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
