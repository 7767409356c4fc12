from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from opencode_local.aws import EmbeddedAws
from opencode_local.provider.aws import Account
from tests.local.containers.site import Site

account_ids = count(300_000_000_000)


@pytest_asyncio.fixture(scope="module")
async def site(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One account for the services of a module, each with a name of its own."""
    running = Site(Account(aws.url, str(next(account_ids))), Path(tmp_path_factory.mktemp("images")))
    await running.start()
    yield running
    await running.stop()
