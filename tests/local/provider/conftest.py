from itertools import count

import pytest

from opencode_local.aws import EmbeddedAws
from opencode_local.provider.aws import Account, Aws
from tests.local.provider.declaring import Program

DEFAULT_TAGS = {"owner": "platform"}
account_ids = count(200_000_000_000)


@pytest.fixture
def program(aws: EmbeddedAws) -> Program:
    """An account of its own for each test, and therefore empty."""
    return Program(Aws(Account(aws.url, str(next(account_ids))), default_tags=DEFAULT_TAGS))


@pytest.fixture(scope="module")
def shared_program(aws: EmbeddedAws) -> Program:
    """One account for all tests of a module that only look at what is refused."""
    return Program(Aws(Account(aws.url, str(next(account_ids))), default_tags=DEFAULT_TAGS))
