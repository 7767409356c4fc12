"""One run for all tests of a module: two tasks behind the load balancer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.clients.agents import Desk
from tests.local.run.running import Running, environment_file, make_up


@pytest_asyncio.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("run")
    async with make_up(folder, ENV=str(environment_file(folder, "shared", router={"min_tasks": 2}))) as started:
        yield started


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
