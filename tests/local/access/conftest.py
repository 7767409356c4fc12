"""One guarded AWS for the tests of a module, and roles to use it with."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from opencode_local.aws import EmbeddedAws
from opencode_local.issuer import Issuer
from opencode_local.provider.aws import Account
from tests.local.access.guarded import Clock, Guarded, guarded

account_ids = count(230_000_000_000)


@pytest.fixture(scope="module")
def aws_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
async def aws_of_tasks(aws: EmbeddedAws, aws_clock: Clock) -> AsyncIterator[Guarded]:
    async with guarded(Account(aws.url, str(next(account_ids))), aws_clock) as running:
        yield running


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """One that keeps the same time as the router."""
    started = Issuer()
    started.start()
    yield started
    started.stop()
