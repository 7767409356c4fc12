"""`install` makes a machine of a downloaded file: in its place, pointed at a gateway, signed in."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_auth.tools.connection import own_command
from opencode_auth.updates import search_path
from opencode_auth.version import VERSION
from tests.client.person import Browser, Done, Person
from tests.client.proxied import KEY
from tests.client.releases import NEW, Installed, contents, packed, program


@pytest.fixture
def person(person: Person) -> Person:
    """Nothing is set up yet."""
    (person.home / "oa/config/gateway.json").unlink()
    return person


@pytest.fixture
def download(person: Person) -> Iterator[Path]:
    """What an installer has downloaded and verified, which is the running program."""
    file = person.home / "install.1/opencode-auth"
    file.parent.mkdir()
    file.write_bytes(program(VERSION))
    with packed(file):
        yield file


def installed_from(person: Person, *args: str, **variables: str) -> Done:
    return person.run("install", "--gateway", person.gateway.url, *args, **variables)


def test_one_command_puts_the_program_in_its_place_and_points_it_at_the_gateway(person: Person, download: Path) -> None:
    person.settings["release_keys"] = [PUBLIC]
    found = Installed(person)

    done = installed_from(person)

    assert (done.code, done.out) == (0, f"opencode-auth {VERSION} is installed: {found.command}\n")
    assert found.said() == VERSION
    assert found.command.readlink() == found.program()
    assert found.program().stat().st_mode & 0o777 == 0o700
    assert found.config()["release_keys"] == [PUBLIC]
    assert done.err.endswith("next: opencode-auth login\n")
    assert download.exists(), "the installer removes what it downloaded"


PUBLIC = "ERERERERERERERERERERERERERERERERERERERERERE="


def test_the_same_line_again_changes_nothing(person: Person, download: Path) -> None:
    assert download.exists()
    person.settings["release_keys"] = [PUBLIC]
    installed_from(person)
    (person.home / "oa/config/other.json").write_text("{}")
    person.run("setup", person.gateway.url, "--scopes", "openid")
    before = contents(person.home / "oa")
    person.settings["client_id"] = "another"

    done = installed_from(person)

    assert (done.code, "its configuration stays" in done.err) == (0, True)
    assert contents(person.home / "oa") == before


def test_a_set_up_from_before_there_were_releases_gets_the_keys_and_keeps_the_rest(
    person: Person, download: Path
) -> None:
    assert download.exists()
    person.run("setup", person.gateway.url, "--scopes", "openid")
    person.settings.update(release_keys=[PUBLIC], downloads_url=person.gateway.url)

    installed_from(person)

    config = Installed(person).config()
    assert (config["scopes"], config["release_keys"]) == (["openid"], [PUBLIC])
    assert config["downloads_url"] == person.gateway.url


def test_another_gateway_is_taken_and_said(person: Person, download: Path) -> None:
    assert download.exists()
    file = person.home / "oa/config/gateway.json"
    file.write_text(json.dumps({"api_url": "https://old.example", "issuer": "https://i", "client_id": "c"}))

    assert "no longer https://old.example" in installed_from(person).err
    assert Installed(person).config()["api_url"] == person.gateway.url


def test_an_install_over_an_older_version_keeps_that_one(person: Person, download: Path) -> None:
    assert download.exists()
    found = Installed(person)
    found.command.parent.mkdir(parents=True)
    found.place("0.0.1")
    found.command.symlink_to(found.place("0.0.2"))

    installed_from(person)

    assert (found.said(), found.versions) == (VERSION, {VERSION, "0.0.2"})


def test_an_install_never_goes_back_from_a_newer_version_that_works(person: Person, download: Path) -> None:
    assert download.exists()
    found = Installed(person)
    found.command.parent.mkdir(parents=True)
    newer = found.place(NEW)
    found.command.symlink_to(newer)

    done = installed_from(person)
    assert (done.code, done.out) == (0, f"opencode-auth {NEW} is installed: {found.command}\n")
    assert f"{NEW} is there already and stays" in done.err
    assert (found.said(), found.versions) == (NEW, {NEW})
    assert found.config()["api_url"] == person.gateway.url

    newer.write_bytes(b"#!/bin/sh\nexit 1\n")
    installed_from(person)
    assert found.said() == VERSION


def test_a_program_that_does_not_start_is_not_put_in_place(person: Person, download: Path) -> None:
    download.write_bytes(b"#!/bin/sh\nexit 1\n")

    done = installed_from(person)

    assert (done.code, "does not start here" in done.err) == (1, True)
    assert not os.path.lexists(Installed(person).command)


def test_a_command_that_is_there_from_elsewhere_stays(person: Person, download: Path) -> None:
    assert download.exists()
    command = Installed(person).command
    command.parent.mkdir(parents=True)
    command.symlink_to("/opt/uv/tools/opencode-auth/bin/opencode-auth")

    done = installed_from(person)

    assert (done.code, "hint: move it away" in done.err) == (2, True)
    assert str(command.readlink()).startswith("/opt/uv")


def test_a_gateway_that_does_not_answer_leaves_the_program_installed(person: Person, download: Path) -> None:
    assert download.exists()
    done = person.run("install", "--gateway", "http://127.0.0.1:1")

    assert (done.code, "cannot reach" in done.err) == (1, True)
    assert Installed(person).said() == VERSION


def test_a_checkout_is_not_installed(person: Person) -> None:
    done = installed_from(person)

    assert (done.code, "hint: opencode-auth setup" in done.err) == (2, True)


def test_a_person_at_the_terminal_goes_on_to_the_sign_in(
    person: Person, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert download.exists()
    browser = Browser()
    monkeypatch.setattr("opencode_auth.terminal.is_watched", lambda: True)
    monkeypatch.setattr("opencode_auth.browser.open_page", browser.opened)

    done = installed_from(person, BROWSER="a-browser")
    browser.close()

    assert (done.code, done.out.splitlines()[-1]) == (0, "signed in as ada@example.com"), done.err
    assert done.err.endswith("next: opencode-auth use opencode, or claude-code, codex, sdk\n")
    again = installed_from(person, BROWSER="a-browser")
    assert len(browser.pages) == 1, "who is signed in is not asked again"
    assert "signed in" not in again.out


def test_a_sign_in_that_does_not_work_leaves_the_rest(
    person: Person, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert download.exists()
    monkeypatch.setattr("opencode_auth.terminal.is_watched", lambda: True)
    person.settings["device_authorization_endpoint"] = f"{person.gateway.url}/no-such-thing"

    done = installed_from(person, BROWSER="", SSH_TTY="/dev/pts/1")

    assert done.code == 0
    assert "not signed in: " in done.err
    assert done.err.endswith("next: opencode-auth login\n")


def test_over_ssh_without_device_codes_the_answer_is_pasted_from_the_terminal_and_not_from_the_script(
    person: Person, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert download.exists()
    said: list[str] = []

    def typed(_question: str) -> str:
        [page] = [line for line in said if line.startswith("http")]
        return Browser().picked(page)

    monkeypatch.setattr("opencode_auth.terminal.is_watched", lambda: True)
    monkeypatch.setattr("opencode_auth.terminal.ask", typed)
    monkeypatch.setattr("opencode_auth.output.say", lambda text: said.extend(text.splitlines()))
    person.settings["device_authorization_endpoint"] = None

    assert installed_from(person, BROWSER="", SSH_TTY="/dev/pts/1").out.endswith("signed in as ada@example.com\n")


def test_a_key_in_the_environment_needs_no_sign_in(
    person: Person, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert download.exists()
    monkeypatch.setattr("opencode_auth.terminal.is_watched", lambda: True)

    assert "next: opencode-auth use" in installed_from(person, OPENCODE_API_KEY=KEY).err


def test_how_a_shell_finds_the_command_is_said_where_it_does_not(person: Person, download: Path) -> None:
    assert download.exists()
    command = Installed(person).command

    told = installed_from(person, PATH="/usr/bin:/bin", SHELL="/bin/zsh", HOME=str(person.home)).err
    assert f"{command.parent} is not on PATH" in told
    assert """echo 'export PATH="$HOME/oa/bin:$PATH"' >> ~/.zshrc""" in told
    assert "is not on PATH" not in installed_from(person, PATH=f"/usr/bin:{command.parent}/").err


def test_another_program_of_that_name_that_a_shell_finds_first_is_said(person: Person, download: Path) -> None:
    command = Installed(person).command
    first, linked = (person.home / name / "opencode-auth" for name in ("first", "linked"))
    for file in (first, linked):
        file.parent.mkdir()
    first.write_bytes(download.read_bytes())
    first.chmod(0o700)
    linked.symlink_to(command)

    told = installed_from(person, PATH=f"{first.parent}:{command.parent}").err
    assert f"a shell calls {first} instead" in told
    assert "instead" not in installed_from(person, PATH=f"{linked.parent}:{command.parent}:{first.parent}").err


@pytest.mark.parametrize(
    ("shell", "platform", "line"),
    [
        ("/bin/bash", "linux", """echo 'export PATH="$HOME/.local/bin:$PATH"' >> ~/.bashrc"""),
        ("/bin/bash", "darwin", """echo 'export PATH="$HOME/.local/bin:$PATH"' >> ~/.bash_profile"""),
        ("/usr/bin/fish", "linux", 'fish_add_path "$HOME/.local/bin"'),
        ("/bin/ksh", "linux", """echo 'export PATH="$HOME/.local/bin:$PATH"' >> ~/.profile"""),
    ],
)
def test_each_shell_has_its_own_line(shell: str, platform: str, line: str) -> None:
    environment = {"SHELL": shell, "HOME": "/home/ada"}
    assert search_path.how_to_add(Path("/home/ada/.local/bin"), environment, platform) == line


def test_the_line_that_is_said_makes_a_shell_find_the_command(person: Person, download: Path) -> None:
    assert download.exists()
    told = installed_from(person, PATH="/usr/bin:/bin", SHELL="/bin/ksh", HOME=str(person.home)).err
    [line] = [each.strip() for each in told.splitlines() if ".profile" in each]

    found = subprocess.run(  # noqa: S603  fixed words
        ["/bin/sh", "-c", f"{line}; . ~/.profile; command -v opencode-auth"],
        env={"HOME": str(person.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == str(Installed(person).command)


def test_tools_are_told_a_command_that_outlives_this_version(
    person: Person, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**person.environment, "PATH": "/usr/bin:/bin"}.items():
        monkeypatch.setenv(name, value)
    assert own_command() == (str(download),)
    installed_from(person)
    assert own_command() == (str(Installed(person).command),)
    monkeypatch.setenv("PATH", str(Installed(person).command.parent))
    assert own_command() == ("opencode-auth",)


def test_a_client_that_the_gateway_refuses_is_sent_to_the_download_page(person: Person, download: Path) -> None:
    assert download.exists()
    person.settings.update(minimum_client=NEW, downloads_url="https://downloads.example.com")

    done = installed_from(person)

    assert (done.code, "hint: install the latest from https://downloads.example.com" in done.err) == (1, True)
