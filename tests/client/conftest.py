"""One developer's machine, with a gateway and a provider."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_local.issuer import Issuer
from tests.client.laptop import Laptop
from tests.client.person import Person, new_person
from tests.client.proxied import KEY
from tests.client.releases import Depot, Installed, new_depot, new_installed
from tests.client.servers import Server, running
from tests.router.running import Router


@pytest.fixture
def stub_gateway() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def person(tmp_path: Path, stub_gateway: Server, issuer: Issuer) -> Person:
    """Set up for the gateway, not signed in."""
    somebody = new_person(tmp_path, stub_gateway, issuer, now_s=time.time())
    somebody.set_up()
    return somebody


@pytest.fixture
def ada(person: Person) -> Person:
    """Signed in; what the sign-in asked of the gateway is forgotten."""
    person.signed_in()
    person.gateway.seen.clear()
    return person


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody signs in: the environment has a key."""
    monkeypatch.setenv("OPENCODE_API_KEY", KEY)


@pytest.fixture
def laptop(tmp_path: Path, router: Router, api_key: str) -> Laptop:
    made = Laptop(tmp_path, api_key)
    made.point_at(router.url)
    return made


@pytest.fixture
def depot(person: Person) -> Depot:
    """The person's machine has pinned its key; a key of the gateway takes the place of a sign-in."""
    return new_depot(person)


@pytest.fixture
def installed(person: Person) -> Installed:
    """This program, as a packed file in our layout."""
    return new_installed(person)
