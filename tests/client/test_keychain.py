"""Where tokens are kept: sealed with a key of the keychain, or in a file where there is none."""

import json
import stat
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeychain

from tests.client.keychains import FileKeychain, LockedKeychain
from tests.client.person import JWT, Browser, Person


@pytest.fixture
def anywhere(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Nobody has said where to keep tokens; the machine's own keychain is out of reach."""
    person.environment.pop("OPENCODE_AUTH_STORE")
    person.environment["TEST_KEYCHAIN"] = str(tmp_path / "keychain.json")
    person.environment["PYTHON_KEYRING_BACKEND"] = "tests.client.keychains.FileKeychain"
    monkeypatch.setattr(keyring.core, "_keyring_backend", FileKeychain())
    return person


def use(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)


def test_with_a_keychain_no_token_can_be_read_from_the_disk(anywhere: Person) -> None:
    done = anywhere.sign_in(Browser(), "--json")
    kept = anywhere.state("tokens.json")

    assert json.loads(done.out)["kept_in"] == "keychain"
    assert not JWT.search(kept.read_text())
    assert "ada" not in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert anywhere.run("token").code == 0


def test_the_keychain_holds_a_key_that_fits_into_every_systems_entry(anywhere: Person) -> None:
    anywhere.signed_in()
    [entry] = json.loads(Path(anywhere.environment["TEST_KEYCHAIN"]).read_text()).values()

    assert len(entry) < 100


def test_another_process_reads_what_this_one_kept(anywhere: Person) -> None:
    token = anywhere.signed_in().run("token").out
    process = anywhere.started("token")

    assert process.communicate(timeout=20)[0] == token


def test_without_a_keychain_a_file_of_the_persons_own_does(anywhere: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, NoKeychain())  # type: ignore[no-untyped-call]
    done = anywhere.sign_in(Browser(), "--json")

    assert json.loads(done.out)["kept_in"] == "file"
    assert stat.S_IMODE(anywhere.state("tokens.json").stat().st_mode) == 0o600
    assert anywhere.run("token").code == 0


def test_a_locked_keychain_is_said_before_a_page_opens(anywhere: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, LockedKeychain())
    browser = Browser()
    done = anywhere.sign_in(browser)

    assert done.code == 1
    assert browser.pages == []
    assert "the keychain did not open" in done.err
    assert "OPENCODE_AUTH_STORE=file" in done.err


def test_a_keychain_that_locks_later_gives_no_token_and_loses_none(
    anywhere: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    anywhere.signed_in()
    use(monkeypatch, LockedKeychain())
    assert anywhere.run("token").code == 1

    use(monkeypatch, FileKeychain())
    assert anywhere.run("token").code == 0


@pytest.mark.parametrize("damage", ["gone", "replaced", "nonsense"])
def test_without_the_right_key_the_person_signs_in_again(anywhere: Person, damage: str) -> None:
    anywhere.signed_in()
    file = Path(anywhere.environment["TEST_KEYCHAIN"])
    [name] = json.loads(file.read_text())
    file.write_text(json.dumps({"gone": {}, "replaced": {name: "A" * 43 + "="}, "nonsense": {name: "?"}}[damage]))

    assert anywhere.run("token").code == 3
    assert anywhere.sign_in(Browser()).code == 0
    assert anywhere.run("token").code == 0


def test_the_person_can_choose_a_file_over_the_keychain_and_it_stays_so(anywhere: Person) -> None:
    anywhere.environment["OPENCODE_AUTH_STORE"] = "file"
    anywhere.signed_in()
    anywhere.environment.pop("OPENCODE_AUTH_STORE")
    anywhere.pass_time(3600)

    assert anywhere.run("token").code == 0
    assert json.loads(anywhere.run("status", "--json").out)["kept_in"] == "file"
    assert anywhere.run("login", OPENCODE_AUTH_STORE="cloud").code == 2


def test_signing_out_removes_the_key(anywhere: Person) -> None:
    anywhere.signed_in()

    assert anywhere.run("logout").code == 0
    assert json.loads(Path(anywhere.environment["TEST_KEYCHAIN"]).read_text()) == {}
