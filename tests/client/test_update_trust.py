"""`update` believes nobody but the keys that were pinned, and nothing but the bytes that they vouch for."""

import base64
import json
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from opencode_auth.updates import download
from opencode_auth.version import VERSION
from tests.client.person import Person
from tests.client.proxied import KEY
from tests.client.releases import (
    EXECUTABLE,
    NEW,
    Depot,
    Installed,
    contents,
    envelope,
    program,
    public,
)
from tests.client.servers import Reply, page_reply

FOREIGN = Ed25519PrivateKey.generate()
Bend = Callable[[dict[str, Any], Depot], object]


def with_member(name: str, value: object) -> Bend:
    """Signed by the right key, and still not to be used."""
    return lambda manifest, depot: envelope(json.dumps({**manifest, name: value}).encode(), depot.key)


def with_artifact(name: str, value: object) -> Bend:
    return lambda manifest, depot: with_member("artifacts", [{**manifest["artifacts"][0], name: value}])(
        manifest, depot
    )


def sealed(manifest: dict[str, Any], depot: Depot) -> dict[str, Any]:
    return envelope(json.dumps(manifest).encode(), depot.key)


def other_payload(manifest: dict[str, Any], depot: Depot) -> object:
    payload = json.dumps({**manifest, "version": "9.9.9"}).encode()
    return {**sealed(manifest, depot), "payload": base64.b64encode(payload).decode()}


def borrowed_key_id(manifest: dict[str, Any], depot: Depot) -> object:
    good = sealed(manifest, depot)
    foreign = envelope(json.dumps(manifest).encode(), FOREIGN)["signatures"][0]
    return {**good, "signatures": [{**foreign, "keyid": good["signatures"][0]["keyid"]}]}


HOSTILE: dict[str, Bend] = {
    "a bare manifest": lambda manifest, _depot: manifest,
    "of another type": lambda manifest, depot: {**sealed(manifest, depot), "payloadType": "application/json"},
    "without signatures": lambda manifest, depot: {**sealed(manifest, depot), "signatures": []},
    "signatures that are none": lambda manifest, depot: {**sealed(manifest, depot), "signatures": [7, {"sig": "?"}]},
    "another payload": other_payload,
    "another key": lambda manifest, _depot: envelope(json.dumps(manifest).encode(), FOREIGN),
    "another key by our name": borrowed_key_id,
    "a payload that is no base64": lambda manifest, depot: {**sealed(manifest, depot), "payload": "{}"},
    "signed, but not JSON": lambda _manifest, depot: envelope(b"{", depot.key),
    "signed, but no object": lambda _manifest, depot: envelope(b"[]", depot.key),
    "a version that is a path": with_member("version", "../../9.0.0"),
    "no keys from now on": with_member("keys", []),
    "a key that is none": with_member("keys", ["AAAA"]),
    "a sequence of zero": with_member("sequence", 0),
    "a file name that is a path": with_artifact("name", "../opencode-auth"),
    "a hash that is none": with_artifact("sha256", "0" * 63),
    "a size beyond measure": with_artifact("size", 2**40),
}


@pytest.mark.parametrize("bend", HOSTILE.values(), ids=HOSTILE)
def test_a_release_that_no_pinned_key_vouches_for_changes_nothing(
    depot: Depot, installed: Installed, bend: Bend
) -> None:
    depot.announce(bend(depot.publish({EXECUTABLE: program(NEW)}), depot))
    before = contents(installed.home)

    code, out, err = installed.run("update")

    assert (code, out) == (1, "")
    assert "nothing was changed" in err
    assert contents(installed.home) == before
    assert depot.downloads() == []


def test_an_older_announcement_is_not_believed_again(depot: Depot, installed: Installed) -> None:
    depot.publish(version="8.0.0")
    old = depot.server.routes["/version.json"]
    depot.publish({EXECUTABLE: program(NEW)})
    assert installed.run("update", "--check")[0] == 0

    depot.server.routes["/version.json"] = old
    code, _, err = installed.run("update")

    assert code == 1
    assert "older than one seen before (sequence 1 after 2)" in err
    assert "hint: a cache may be in between" in err
    assert installed.said() == VERSION


def test_a_lower_version_is_never_installed(depot: Depot, installed: Installed) -> None:
    depot.publish({EXECUTABLE: program("0.0.1")}, version="0.0.1")

    code, out, _ = installed.run("update")

    assert (code, out) == (0, f"opencode-auth {VERSION} is newer than the latest release, 0.0.1\n")
    assert (installed.said(), depot.downloads()) == (VERSION, [])


def test_keys_of_a_verified_release_take_the_place_of_the_pins(depot: Depot, installed: Installed) -> None:
    old, new = depot.key, Ed25519PrivateKey.generate()
    depot.publish(keys=[public(new)])
    assert installed.run("update", "--check")[0] == 0
    assert installed.config()["release_keys"] == [public(new)]

    depot.publish()
    assert installed.run("update", "--check")[0] == 1

    depot.key = new
    depot.publish()
    assert installed.run("update", "--check")[0] == 0
    assert public(old) not in installed.config()["release_keys"]


def test_a_set_up_does_not_change_pinned_keys_unless_it_is_told_to(depot: Depot, installed: Installed) -> None:
    person = installed.person
    depot.publish()
    depot.publish()
    installed.run("update", "--check")
    depot.key, depot.sequence = Ed25519PrivateKey.generate(), 0
    depot.publish()
    person.settings["release_keys"] = [public(depot.key)]

    refused = person.run("setup", person.gateway.url)
    assert (refused.code, "--trust-new-keys" in refused.err) == (2, True)
    assert installed.run("update", "--check")[0] == 1
    person.settings["release_keys"] = []
    assert person.run("setup", person.gateway.url).code == 0
    assert len(installed.config()["release_keys"]) == 1, "a gateway that names no keys does not take the pins away"

    person.settings["release_keys"] = [public(depot.key)]
    assert person.run("setup", person.gateway.url, "--trust-new-keys").code == 0
    assert installed.run("update", "--check")[0] == 0


@pytest.mark.parametrize("keys", [["AA=="], ["not base64"], [7], "text"])
def test_keys_that_are_none_are_refused_at_set_up(depot: Depot, person: Person, keys: object) -> None:
    person.settings["release_keys"] = keys
    done = person.run("setup", depot.server.url)

    assert (done.code, "'release_keys'" in done.err) == (2, True)


BODY = program(NEW, more="touch $HOME/it-ran")
TAMPERED = {
    "other bytes": (Reply(body=BODY.replace(b"echo", b"exec")), "is not what was released"),
    "more bytes": (Reply(body=BODY + b"\n" * 100), "more than"),
    "fewer bytes": (Reply(body=BODY[:-1]), "ended after"),
    "a redirect": (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), "answered 302"),
    "an expired address": (Reply(status=403, body=b"<Error>Request has expired</Error>"), "answered 403"),
}


class Failing:
    """Bytes of a server that then fails: whoever reads them meets the error."""

    def __init__(self, error: OSError) -> None:
        self._answers: list[bytes | OSError] = [BODY[:10], error]

    def read1(self, _most: int) -> bytes:
        answer = self._answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError("timed out"), "did not answer in time"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
    ],
)
def test_a_network_that_is_lost_is_not_taken_for_a_disk_that_cannot_be_written(
    depot: Depot, installed: Installed, monkeypatch: pytest.MonkeyPatch, error: OSError, said: str
) -> None:
    depot.publish({EXECUTABLE: BODY})
    whole = download.chunks_of
    monkeypatch.setattr(download, "chunks_of", lambda _response, host: whole(cast(HTTPResponse, Failing(error)), host))

    code, _, err = installed.run("update")

    assert (code, said in err, "cannot write" in err) == (1, True, False)
    assert (installed.said(), installed.versions) == (VERSION, {VERSION})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_disk_that_is_full_is_said(depot: Depot, installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    depot.publish({EXECUTABLE: BODY})
    opened = Path.open

    def on_a_full_disk(file: Path, mode: str = "r", **more: Any) -> Any:
        return opened(Path("/dev/full"), "wb") if mode == "xb" else opened(file, mode, **more)

    monkeypatch.setattr(Path, "open", on_a_full_disk)
    monkeypatch.setattr(Path, "chmod", lambda *_args, **_more: None)

    code, _, err = installed.run("update")

    assert (code, "No space left on device" in err, "cannot reach" in err) == (2, True, False)


@pytest.mark.parametrize(("reply", "said"), TAMPERED.values(), ids=TAMPERED)
def test_a_file_that_is_not_the_released_one_never_runs(
    depot: Depot, installed: Installed, reply: Reply, said: str
) -> None:
    [artifact] = depot.publish({EXECUTABLE: BODY})["artifacts"]
    depot.stock(artifact["name"], reply)

    code, _, err = installed.run("update", HOME=str(installed.home))

    assert (code, said in err) == (1, True)
    assert "X-Amz-Signature" not in err
    assert (installed.said(), installed.versions) == (VERSION, {VERSION})
    assert not (installed.home / "it-ran").exists()


def test_the_credential_goes_to_the_gateway_and_not_to_where_the_file_is(depot: Depot, installed: Installed) -> None:
    depot.publish({EXECUTABLE: program(NEW)})

    assert installed.run("update")[0] == 0
    [asked] = [seen for seen in depot.server.seen if seen.path == "/v1/update/download-url"]
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    [download] = depot.downloads()
    assert {"authorization", "x-api-key", "cookie"}.isdisjoint(download.headers)
    assert "authorization" not in next(seen for seen in depot.server.seen if seen.path == "/version.json").headers


def test_without_a_sign_in_there_is_no_update(depot: Depot, installed: Installed) -> None:
    depot.publish({EXECUTABLE: program(NEW)})
    del installed.person.environment["OPENCODE_API_KEY"]

    code, _, err = installed.run("update")

    assert code == 3
    assert "hint: opencode-auth login" in err
    assert depot.downloads() == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=404), "no release yet"),
        (Reply(status=503), "answered 503"),
        (page_reply(200), "not JSON"),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/version.json"}), "answered 302"),
    ],
)
def test_a_download_host_that_does_not_answer_usefully_is_one_line(
    depot: Depot, installed: Installed, reply: Reply, said: str
) -> None:
    depot.server.routes["/version.json"] = lambda _seen: reply

    code, out, err = installed.run("update", "--check")

    assert (code, out) == (1, "")
    assert said in err.splitlines()[0]


def test_a_gateway_without_releases_is_said_to_have_none(person: Person) -> None:
    done = person.run("update")

    assert done.code == 2
    assert "publishes no releases" in done.err


def test_a_name_below_localhost_is_this_machine_whatever_the_resolver_says(depot: Depot, person: Person) -> None:
    depot.publish()
    person.set_up(downloads_url=f"http://downloads.localhost:{depot.server.port}")

    assert person.run("update", "--check").code == 0
    [asked] = [seen for seen in depot.server.seen if seen.path == "/version.json"]
    assert asked.headers["host"] == f"downloads.localhost:{depot.server.port}"
