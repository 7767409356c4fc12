"""What a release may change of this program's own settings, and of whose gateway."""

import json
from typing import Any

import pytest

from opencode_auth.version import VERSION
from tests.client.releases import EXECUTABLE, NEW, Depot, Installed, program
from tests.client.servers import Reply, Seen

PATCH = {"scopes": ["openid", "email"], "callback_ports": [8400]}


def test_settings_of_a_release_are_taken_over_once(depot: Depot, installed: Installed) -> None:
    depot.publish(version=VERSION, config_version=3, config=PATCH)
    assert "settings of the release were taken over" in installed.run("update")[2]
    assert {name: installed.config()[name] for name in PATCH} == PATCH

    installed.person.run("setup", installed.person.gateway.url)
    assert installed.run("update")[2] == ""
    assert installed.config()["callback_ports"] == [], "what the person set up since then stays"

    depot.publish(version=VERSION, config_version=4, config={"callback_ports": None, "scopes": None})
    installed.run("update")
    assert installed.config()["callback_ports"] == []
    assert "offline_access" in installed.config()["scopes"]


def test_settings_of_a_release_leave_those_of_a_later_client(depot: Depot, installed: Installed) -> None:
    settings = installed.person.home / "oa/config/gateway.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "of_next_year": {"a.b": 1}}))
    depot.publish(version=VERSION, config_version=3, config=PATCH)

    installed.run("update")

    assert {name: installed.config()[name] for name in PATCH} == PATCH
    assert installed.config()["of_next_year"] == {"a.b": 1}


def test_settings_of_a_release_are_for_its_own_gateway_alone(depot: Depot, installed: Installed) -> None:
    [artifact] = depot.publish({EXECUTABLE: program(NEW)}, config_version=1, config=PATCH)["artifacts"]
    settings = installed.home / "config/gateway.json"
    file = depot.server.routes[f"/s3/{artifact['name']}"]

    def set_up_meanwhile(seen: Seen) -> Reply:
        settings.write_text(json.dumps({**installed.config(), "api_url": "https://another.example"}))
        return file(seen)

    depot.server.routes[f"/s3/{artifact['name']}"] = set_up_meanwhile

    assert installed.run("update")[0] == 0
    assert installed.config()["callback_ports"] == []


REFUSED: dict[str, dict[str, Any]] = {
    "where the gateway is": {"api_url": "https://evil.example"},
    "who signs people in": {"issuer": "https://evil.example"},
    "who vouches for releases": {"release_keys": []},
    "a key that nobody knows": {"hooks": ["rm"]},
    "a value of the wrong kind": {"callback_ports": ["80"]},
    "an address that is not safe": {"downloads_url": "http://evil.example"},
    "scopes that sign nobody in": {"scopes": ["email"]},
}


@pytest.mark.parametrize("config", REFUSED.values(), ids=REFUSED)
def test_a_settings_patch_that_goes_too_far_is_refused_whole_and_the_program_is_new_all_the_same(
    depot: Depot, installed: Installed, config: dict[str, Any]
) -> None:
    depot.publish({EXECUTABLE: program(NEW)}, config_version=1, config={**PATCH, **config})
    before = installed.config()

    code, _, err = installed.run("update")

    assert (code, "settings were refused, all of them" in err) == (1, True)
    assert (installed.config(), installed.said()) == (before, NEW)
    depot.publish({EXECUTABLE: program(NEW)}, config_version=1, config=PATCH)
    installed.run("update")
    assert installed.config()["callback_ports"] == [8400], "the version counts once it was applied"
