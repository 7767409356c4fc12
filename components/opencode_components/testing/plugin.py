"""pytest fixtures: `deploy` and `preview`."""

import pytest

from opencode_components.testing import deployment

Deploy = deployment.Deploy

# What pulumi_aws says of its own deprecated modules when it first imports a service, used or not.
OF_THE_SDK_ITSELF = r"ignore:[\w./]+ has been deprecated in favor of:DeprecationWarning"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", OF_THE_SDK_ITSELF)


@pytest.fixture(scope="session")
def deploy() -> Deploy:
    """`deploy(program, config=..., stack=..., project=..., engine=...)`: the graph that an up would leave."""
    return deployment.deploy


@pytest.fixture(scope="session")
def preview() -> Deploy:
    """As `deploy`, with computed outputs unknown."""
    return deployment.preview
