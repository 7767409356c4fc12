"""`update` leaves a machine with the new version, or with the one that it had."""

import json
import subprocess
import sys
from typing import Any

import pytest

from opencode_auth.files import lock
from opencode_auth.updates import notice
from opencode_auth.version import VERSION
from tests.client.person import Person
from tests.client.releases import EXECUTABLE, NEW, Depot, Installed, contents, program
from tests.client.servers import json_reply


def test_a_newer_version_takes_the_place_of_this_one_and_nothing_else_changes(
    depot: Depot, installed: Installed
) -> None:
    installed.place("0.0.1")
    (installed.home / "data/versions/.new-of-a-crash").mkdir()
    own = installed.config()
    depot.publish({EXECUTABLE: program(NEW), ("executable", "plan9-mips"): b"x"}, message="Faster.\x1b[31m\nBetter.")

    code, out, err = installed.run("update")

    assert (code, out) == (0, f"opencode-auth {NEW} took the place of {VERSION}\nFaster. [31m Better.\n")
    assert "downloading opencode-auth-9.0.0-" in err
    assert installed.said() == NEW
    assert installed.command.readlink() == installed.program(NEW)
    assert installed.program(NEW).stat().st_mode & 0o777 == 0o700
    assert installed.versions == {VERSION, NEW}, "the version before stays, older ones and leftovers go"
    assert installed.config() == own


def test_where_this_is_the_latest_nothing_is_done(depot: Depot, installed: Installed) -> None:
    depot.publish({EXECUTABLE: program(VERSION)}, version=VERSION)

    assert installed.run("update")[:2] == (0, f"opencode-auth {VERSION} is the latest version\n")
    assert depot.downloads() == []


def test_a_version_that_another_process_has_installed_is_not_installed_again(
    depot: Depot, installed: Installed
) -> None:
    depot.publish({EXECUTABLE: program(NEW)})
    installed.run("update")

    assert installed.run("update")[:2] == (0, f"opencode-auth {NEW} is the latest version\n")
    assert len(depot.downloads()) == 1


def test_two_updates_at_once_are_one(depot: Depot, installed: Installed) -> None:
    depot.publish({EXECUTABLE: program(NEW)})
    with lock(installed.home / "state/update.lock"):
        code, _, err = installed.run("update")

    assert (code, "another update is running" in err) == (1, True)
    assert installed.said() == VERSION


BROKEN = {
    "it fails": b"#!/bin/sh\necho no such library >&2\nexit 1\n",
    "it is another version": program("8.9.9"),
    "it is no program": b"\x7fELF of another machine",
    "it starts by its own name alone": program(NEW, more='case "$0" in */bin/opencode-auth) exit 1;; esac'),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_version_that_does_not_start_leaves_the_one_before(depot: Depot, installed: Installed, body: bytes) -> None:
    depot.publish({EXECUTABLE: body})

    code, out, err = installed.run("update")

    assert (code, out) == (1, "")
    assert f"opencode-auth {NEW} does not start here" in err
    assert installed.said() == VERSION
    assert installed.command.readlink() == installed.program()


KILLED_AFTER = """
import importlib, os, sys
from opencode_auth.cli import cli
module, name, count = sys.argv[1].split(":")
module = importlib.import_module(f"opencode_auth.updates.{module}")
real, calls = getattr(module, name), []
def killed(*args, **named):
    done = real(*args, **named)
    calls.append(done)
    if len(calls) == int(count):
        os._exit(99)
    return done
setattr(module, name, killed)
sys.frozen, sys.executable = True, sys.argv[2]
cli(["update"], prog_name="opencode-auth")
"""
STEPS = {
    "envelope:opened:1": VERSION,
    "releases:remember:1": VERSION,
    "download:received:1": VERSION,
    "layout:place_executable:1": VERSION,
    "layout:try_out:1": VERSION,
    "pointer:aim:1": NEW,
    "layout:try_out:2": NEW,
    "layout:tidy:1": NEW,
    "settings_patch:patched:1": NEW,
}
"""Function and call after which the process is gone, and the version that the command then is."""


@pytest.mark.parametrize(("step", "version"), STEPS.items())
def test_a_crash_between_any_two_steps_leaves_a_command_that_works(
    depot: Depot, installed: Installed, step: str, version: str
) -> None:
    depot.publish({EXECUTABLE: program(NEW)}, config_version=1, config={"scopes": ["openid"]})
    died = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", KILLED_AFTER, step, str(installed.program())],
        env=installed.person.process_environment(),
        capture_output=True,
        check=False,
    )

    assert died.returncode == 99, died.stderr
    assert installed.said() == version
    assert installed.run("update")[0] == 0
    assert (installed.said(), installed.versions) == (NEW, {VERSION, NEW})
    assert installed.config()["scopes"] == ["openid"]


def test_a_command_of_somebody_else_is_not_replaced(depot: Depot, installed: Installed) -> None:
    installed.command.unlink()
    installed.command.write_text("#!/bin/sh\n# mine\n")
    depot.publish({EXECUTABLE: program(NEW)})

    code, _, err = installed.run("update")

    assert (code, "not from this installer" in err) == (2, True)
    assert "# mine" in installed.command.read_text()


def test_a_running_proxy_becomes_one_of_the_new_version(depot: Depot, installed: Installed) -> None:
    person = installed.person
    assert person.run("proxy", "start").code == 0
    depot.publish({EXECUTABLE: program(NEW, more='echo "$@" >> "$OPENCODE_AUTH_HOME/calls"')})

    code, _, err = installed.run("update")

    person.run("proxy", "stop")
    assert code == 0, err
    assert (installed.home / "calls").read_text().splitlines()[-1] == "proxy start"


def test_a_release_without_a_file_for_this_machine_says_so(depot: Depot, installed: Installed) -> None:
    depot.publish({("executable", "plan9-mips"): b"x"})

    code, _, err = installed.run("update")

    assert (code, f"has no program for {EXECUTABLE[1]}" in err) == (1, True)


def test_a_check_says_what_there_is_and_changes_nothing(depot: Depot, installed: Installed) -> None:
    depot.publish({EXECUTABLE: program(NEW)}, minimum="2.0.0", critical=True, message="Read\x07 this.")

    code, out, _ = installed.run("update", "--check")
    assert code == 0
    assert out.splitlines() == [
        f"opencode-auth {NEW} is there, this is {VERSION}: opencode-auth update",
        "2.0.0 or newer is required",
        "it is a critical update",
        "Read this.",
    ]
    assert json.loads(installed.run("update", "--check", "--json")[1]) == {
        "current": VERSION,
        "latest": NEW,
        "minimum": "2.0.0",
        "critical": True,
        "message": "Read  this.",
        "is_available": True,
        "is_required": True,
    }
    assert (installed.said(), depot.downloads()) == (VERSION, [])


NOTICES: dict[str, tuple[dict[str, Any], str | None]] = {
    "newer": ({}, f"opencode-auth {NEW} is there, this is {VERSION}: opencode-auth update"),
    "required": (
        {"minimum": "2.0.0"},
        f"opencode-auth 2.0.0 or newer is required, this is {VERSION}: opencode-auth update",
    ),
    "critical": (
        {"critical": True, "message": "Now!\x1b[2J"},
        "a critical update, this is 0.1.0: opencode-auth update (Now! [2J)",
    ),
    "the same": ({"version": VERSION}, None),
}


@pytest.mark.parametrize(("release", "line"), NOTICES.values(), ids=NOTICES)
def test_commands_tell_of_a_newer_version_in_one_line_from_the_last_check(
    depot: Depot, person: Person, release: dict[str, Any], line: str | None
) -> None:
    depot.publish(**release)
    person.run("update", "--check")
    asked = depot.server.count("/version.json")

    said = person.run("status").err.splitlines()

    assert [each for each in said if line and line in each] == said
    assert len(said) == (0 if line is None else 1)
    assert person.run("status", OPENCODE_AUTH_NO_UPDATE_CHECK="1").err == ""
    person.pass_time(notice.GOOD_FOR_S)
    assert person.run("status").err == "", "what is older than a day is not told"
    assert depot.server.count("/version.json") == asked, "no command asks the download host"


def test_run_tells_it_before_the_tool_starts(depot: Depot, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    depot.publish()
    person.run("update", "--check")
    depot.server.routes["/v1/models"] = lambda _seen: json_reply({"data": []})
    depot.server.routes["/v1/messages"] = lambda _seen: json_reply({}, status=405)
    (person.home / "claude").write_text("#!/bin/sh\n")
    (person.home / "claude").chmod(0o700)
    monkeypatch.setattr("opencode_auth.tools.programs.start", lambda *_started: 0)

    done = person.run("run", "claude", PATH=str(person.home))

    assert done.code == 0, done.err
    assert f"opencode-auth {NEW} is there" in done.err


def test_a_gateway_that_needs_a_newer_client_leads_to_the_update(depot: Depot, person: Person) -> None:
    depot.server.routes["/v1/models"] = lambda _seen: json_reply({"error": {"message": "too old"}}, status=426)

    assert person.run("models").err == "error: too old\nhint: opencode-auth update\n"


def doctor(installed: Installed, **variables: str) -> dict[str, dict[str, Any]]:
    found = json.loads(installed.run("doctor", "--json", **variables)[1])
    return {finding["check"]: finding for finding in found}


def test_doctor_says_what_is_wrong_with_this_program(depot: Depot, installed: Installed) -> None:
    on_path = {"PATH": str(installed.command.parent)}
    depot.publish()
    found = doctor(installed, **on_path)
    assert (found["program"]["is_ok"], found["update"]["is_ok"]) == (True, True)
    assert f"{NEW} is there" in found["update"]["detail"]

    depot.publish(critical=True)
    found = doctor(installed, PATH="/usr/bin", SHELL="/usr/bin/fish")
    assert "is not on PATH" in found["program"]["detail"]
    assert found["program"]["hint"].startswith("fish_add_path")
    assert (found["update"]["is_ok"], found["update"]["hint"]) == (False, "opencode-auth update")

    other = installed.person.home / "first/opencode-auth"
    other.parent.mkdir()
    other.write_bytes(program("0.0.1"))
    other.chmod(0o700)
    found = doctor(installed, PATH=f"{other.parent}:{installed.command.parent}")
    assert f"a shell calls {other} instead of {installed.command}" in found["program"]["detail"]

    installed.command.unlink()
    assert "leads to nothing of ours" in doctor(installed, **on_path)["program"]["detail"]


def test_uninstall_takes_every_version_and_the_command(depot: Depot, installed: Installed) -> None:
    assert depot.key
    code, out, err = installed.run("uninstall", "--yes")

    assert (code, "uv tool" in err) == (0, False)
    assert f"remove {installed.command}" in out
    assert contents(installed.home) == {}


def test_uninstall_says_what_is_in_use(depot: Depot, installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert depot.key
    monkeypatch.setattr("shutil.rmtree", lambda *_args, **_named: None)

    code, _, err = installed.run("uninstall", "--yes")

    assert code == 1
    assert f"could not remove {installed.home / 'data'}: " in err
    assert not installed.command.exists()
