"""The command line as such: quick, quiet where it should be, one line when something is wrong."""

import json
import subprocess
import sys
import webbrowser

import pytest

from opencode_auth import version
from opencode_auth.browser import REMOTE, is_likely, open_page
from opencode_auth.cli import COMMANDS
from tests.client.person import Person

HEAVY = ("aiohttp", "keyring", "joserfc", "cryptography", "tomlkit", "http.server")


def test_the_help_names_every_command_and_loads_none(person: Person) -> None:
    code = "import sys, opencode_auth.cli as c; c.cli(['--help'], standalone_mode=False); print([*sys.modules])"
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", code], env=person.process_environment(), capture_output=True, text=True, check=True
    )

    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert "opencode_auth.commands." not in done.stdout


@pytest.mark.parametrize("command", ["setup", "login", "logout", "status", "token", "ci"])
def test_a_command_starts_without_the_heavy_modules(person: Person, command: str) -> None:
    code = (
        "import sys, json, importlib; importlib.import_module(f'opencode_auth.commands.{sys.argv[1]}');"
        "print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", code, command],
        env=person.process_environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert {*HEAVY}.isdisjoint(json.loads(done.stdout))


@pytest.mark.parametrize("args", [["nonsense"], ["setup"], ["token", "--minimum-left", "x"], ["login", "--nonsense"]])
def test_a_misuse_is_one_line_and_a_hint(person: Person, args: list[str]) -> None:
    done = person.run(*args)

    assert (done.code, done.out) == (2, "")
    error, hint = done.err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: opencode-auth")


def test_without_a_command_the_help_is_shown(person: Person) -> None:
    done = person.run()

    assert done.code == 2
    assert "setup" in done.err


def test_the_program_says_its_version(person: Person) -> None:
    assert version.VERSION in person.run("--version").out


@pytest.mark.parametrize(
    ("minimum", "is_below"),
    [(None, False), ("0.0.9", False), ("0.1.0", False), ("0.1.1", True), ("0.10.0", True), ("nonsense", False)],
)
def test_versions_are_compared_as_numbers(minimum: str | None, is_below: bool) -> None:
    assert (minimum is not None and version.numbers(version.VERSION) < version.numbers(minimum)) == is_below


@pytest.mark.parametrize(
    ("platform", "environment", "likely"),
    [
        ("darwin", {}, True),
        ("win32", {}, True),
        ("linux", {}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False),
        ("darwin", {"SSH_TTY": "/dev/ttys1"}, False),
        ("linux", {"BROWSER": "wslview"}, True),
    ],
)
def test_a_browser_is_opened_where_the_person_would_see_it(
    platform: str, environment: dict[str, str], likely: bool
) -> None:
    assert is_likely(platform, environment) == likely


def test_the_address_reaches_the_browser_of_windows_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell there would end it at the first ampersand."""
    address = "https://login.example/authorize?client_id=a&state=b%26c"
    opened: list[str] = []

    def opens(url: str) -> bool:
        opened.append(url)
        return True

    for name in REMOTE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(webbrowser, "open", opens)

    with monkeypatch.context() as on_windows:
        on_windows.setattr(sys, "platform", "win32")
        assert open_page(address)

    assert opened == [address]
