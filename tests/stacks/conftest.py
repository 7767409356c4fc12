"""The program's graphs, as the config files of the repository have them."""

import pytest

from opencode_components.testing import Graph
from opencode_stacks.declared import declared


@pytest.fixture(scope="session")
def dev() -> Graph:
    return declared("dev")


@pytest.fixture(scope="session")
def prod() -> Graph:
    return declared("prod")
