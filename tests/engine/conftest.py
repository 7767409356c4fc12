"""Each test that deploys has an account of its own in the session's embedded AWS."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_local.aws import EmbeddedAws
from tests.engine import binaries
from tests.engine.running import Cloud, Project, gateway


@pytest.fixture(scope="session")
def engine() -> Path:
    """Without an engine the tests that need it are skipped with the reason; CI has no excuse."""
    try:
        return binaries.folder()
    except binaries.NoEngine as reason:
        if os.environ.get("CI"):
            pytest.fail(f"CI must run the engine's tests: {reason}")
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def cloud(aws: EmbeddedAws) -> Iterator[Cloud]:
    started = Cloud.start(aws)
    yield started
    started.server.stop()


@pytest.fixture(scope="module")
def project(engine: Path, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return gateway(tmp_path_factory.mktemp("engine"), engine, cloud)
