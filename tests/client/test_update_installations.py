"""`update` where others look after the program's files: environments, uv, pipx, pip, a person, a checkout."""

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from opencode_auth.updates import replacement
from opencode_auth.version import VERSION
from tests.client.person import Done, Person
from tests.client.releases import EXECUTABLE, NEW, WHEEL, Depot, Installed, file_name, packed, program

WHEEL_NAME = file_name(*WHEEL, NEW)


@dataclass(frozen=True)
class Tools:
    """Programs on the search path that write down what they are asked."""

    folder: Path

    @property
    def asked(self) -> list[list[str]]:
        file = self.folder / "asked"
        return [shlex.split(line) for line in file.read_text().splitlines()] if file.exists() else []

    def add(self, name: str, script: str = "") -> Path:
        file = self.folder / name
        said = f'#!/bin/sh\nprintf "%s " "{name}" "$@" >> "{self.folder}/asked"; echo >> "{self.folder}/asked"\n'
        file.write_text(said + script)
        file.chmod(0o700)
        return file


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    (tmp_path / "tools").mkdir()
    return Tools(tmp_path / "tools")


@pytest.fixture
def tool_environment(tmp_path: Path, tools: Tools) -> Iterator[Path]:
    """This process runs in an environment that is not a checkout; the Python in it becomes the new version's."""
    folder = tmp_path / "environment"
    folder.mkdir()
    python = tools.add("python", f"echo 'opencode-auth, version {NEW}'\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "prefix", str(folder))
        patch.setattr(sys, "executable", str(python))
        patch.setattr("opencode_auth.updates.installation.is_editable", lambda: False)
        yield folder


def updated(person: Person, tools: Tools) -> Done:
    return person.run("update", PATH=f"{tools.folder}:/usr/bin:/bin")


UV_MARK, PIPX_MARK = "uv-receipt.toml", "pipx_metadata.json"
SAYS_NEW = f"echo 'opencode-auth, version {NEW}'\n"
SAYS_OLD = "echo 'opencode-auth, version 0.0.1'\n"
WHEELS_ONLY = "--pip-args=--only-binary=:all:"
BY_TOOLS = {
    UV_MARK: ("uv", "tool run --quiet --no-build --from {}", "tool install --no-build --force {}"),
    PIPX_MARK: ("pipx", f"run --no-cache {WHEELS_ONLY} --spec {{}}", f"install --force {WHEELS_ONLY} {{}}"),
}


def kept_wheel(person: Person) -> Path:
    return person.home / "oa/cache/releases" / WHEEL_NAME


@pytest.mark.parametrize("mark", BY_TOOLS)
def test_a_tool_of_uv_or_pipx_is_tried_and_then_installed_by_it(
    depot: Depot, person: Person, tools: Tools, tool_environment: Path, mark: str
) -> None:
    name, trial, install = BY_TOOLS[mark]
    (tool_environment / mark).write_text("")
    tools.add(name, SAYS_NEW)
    depot.publish({WHEEL: b"the wheel"})
    kept = kept_wheel(person)

    done = updated(person, tools)

    assert done.code == 0, done.err
    assert [" ".join(words) for words in tools.asked] == [
        f"{name} {trial.format(kept)} opencode-auth --version",
        f"{name} {install.format(kept)}",
        "python -P -m opencode_auth --version",
    ]
    assert kept.read_bytes() == b"the wheel", "the tool remembers where it came from"


@pytest.mark.parametrize("mark", BY_TOOLS)
def test_what_the_tool_cannot_start_is_not_installed(
    depot: Depot, person: Person, tools: Tools, tool_environment: Path, mark: str
) -> None:
    (tool_environment / mark).write_text("")
    tools.add(BY_TOOLS[mark][0], SAYS_OLD)
    depot.publish({WHEEL: b"the wheel"})

    done = updated(person, tools)

    assert (done.code, "does not start here" in done.err) == (1, True)
    assert len(tools.asked) == 1


@pytest.mark.parametrize("mark", BY_TOOLS)
@pytest.mark.parametrize("reason", ["the tool is not there", "Windows"])
def test_where_the_tool_cannot_be_used_its_command_is_said(
    depot: Depot,
    person: Person,
    tools: Tools,
    tool_environment: Path,
    mark: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, _, install = BY_TOOLS[mark]
    (tool_environment / mark).write_text("")
    if reason == "Windows":
        tools.add(name)
        monkeypatch.setattr(replacement, "PLATFORM", "win32")
    depot.publish({WHEEL: b"the wheel"})

    done = updated(person, tools)

    assert done.code == 1
    assert done.err.endswith(f"hint: {name} {install.format(kept_wheel(person))}\n")
    assert tools.asked == []


def test_in_an_environment_of_the_persons_own_the_command_of_pip_is_said(
    depot: Depot, person: Person, tools: Tools, tool_environment: Path
) -> None:
    assert tool_environment.exists()
    depot.publish({WHEEL: b"the wheel"})

    done = updated(person, tools)

    assert done.code == 1
    assert done.err.endswith(f"hint: {tools.folder}/python -m pip install --upgrade {kept_wheel(person)}\n")
    assert kept_wheel(person).stat().st_mode & 0o777 == 0o600


def test_a_file_that_a_person_put_somewhere_is_told_how_to_install_itself(depot: Depot, person: Person) -> None:
    file = person.home / "opencode-auth"
    file.write_bytes(program(VERSION))
    depot.publish({EXECUTABLE: program(NEW)})

    with packed(file):
        done = person.run("update")

    assert done.code == 1
    assert done.err.endswith(f"-{NEW}-{EXECUTABLE[1]} install --gateway {person.gateway.url}\n")
    assert file.read_bytes() == program(VERSION)


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        (UV_MARK, "uv tool uninstall opencode-auth"),
        (PIPX_MARK, "pipx uninstall opencode-auth"),
        ("pyvenv.cfg", "{python} -m pip uninstall opencode-auth"),
    ],
)
def test_an_uninstall_says_who_removes_the_program_itself(
    person: Person, tools: Tools, tool_environment: Path, mark: str, told: str
) -> None:
    (tool_environment / mark).write_text("")

    done = person.run("uninstall", "--yes")

    assert done.err.endswith(f"the program itself: {told.format(python=tools.folder / 'python')}\n")


def test_an_uninstall_names_the_file_that_a_person_put_somewhere(person: Person) -> None:
    file = person.home / "opencode-auth"
    file.write_bytes(program(VERSION))

    with packed(file):
        assert person.run("uninstall", "--yes").err.endswith(f"the program itself: remove {file}\n")


def test_a_checkout_is_left_to_git(depot: Depot, person: Person) -> None:
    depot.publish({WHEEL: b"the wheel"})

    done = person.run("update")

    assert (done.code, " pull\n" in done.err) == (1, True)
    assert depot.downloads() == []


@pytest.fixture
def own_environment(person: Person, tools: Tools) -> Iterator[Installed]:
    """This version in a virtual environment in our layout."""
    found = Installed(person)
    folder = found.home / "data/versions" / VERSION / "venv"
    command = folder / "bin/opencode-auth"
    command.parent.mkdir(parents=True)
    command.write_bytes(program(VERSION))
    command.chmod(0o700)
    found.command.parent.mkdir()
    found.command.symlink_to(command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "prefix", str(folder))
        yield found


PYTHON_MAKES_IT = f"""case "$3" in
venv) mkdir -p "$4/bin" && ln -s "$0" "$4/bin/python" ;;
pip) printf '#!/bin/sh\\necho opencode-auth, version {NEW}\\n' > "${{0%python}}opencode-auth"
    chmod 700 "${{0%python}}opencode-auth" ;;
esac
"""


def test_an_environment_of_ours_gets_a_new_one_beside_it(
    depot: Depot, own_environment: Installed, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tools.add("python", PYTHON_MAKES_IT)))
    depot.publish({WHEEL: b"the wheel"})

    done = updated(own_environment.person, tools)

    assert done.code == 0, done.err
    new = own_environment.home / f"data/versions/{NEW}/venv"
    assert own_environment.said() == NEW
    assert own_environment.command.readlink() == new / "bin/opencode-auth"
    assert own_environment.versions == {VERSION, NEW}
    made, filled = tools.asked
    assert made == ["python", "-I", "-m", "venv", str(new)]
    assert filled[:4] == ["python", "-I", "-m", "pip"]
    assert filled[-3:-1] == ["--only-binary", ":all:"], "nothing runs while it is installed"
    assert Path(filled[-1]).name == WHEEL_NAME


MAKES_IT = f"""case "$1" in
venv) mkdir -p "$6/bin" && printf '#!/bin/sh\necho opencode-auth, version {NEW}\n' > "$6/bin/opencode-auth" ;;
pip) chmod 700 "${{7%python}}opencode-auth" ;;
esac
"""


def test_uv_builds_it_where_there_is_one(depot: Depot, own_environment: Installed, tools: Tools) -> None:
    tools.add("uv", MAKES_IT)
    depot.publish({WHEEL: b"the wheel"})

    done = updated(own_environment.person, tools)

    assert done.code == 0, done.err
    assert [words[:3] for words in tools.asked] == [["uv", "venv", "--quiet"], ["uv", "pip", "install"]]
    assert tools.asked[1][4:6] == ["--only-binary", ":all:"], "nothing runs while it is installed"
    assert own_environment.said() == NEW


def test_a_build_that_fails_leaves_the_version_before_and_is_done_again_from_the_start(
    depot: Depot, own_environment: Installed, tools: Tools
) -> None:
    uv = tools.add("uv", 'mkdir -p "$6/half"; echo "no such index" >&2; exit 2\n')
    depot.publish({WHEEL: b"the wheel"})

    done = updated(own_environment.person, tools)
    assert (done.code, "uv failed: no such index" in done.err) == (1, True)
    assert own_environment.said() == VERSION

    uv.unlink()
    tools.add("uv", MAKES_IT)
    assert updated(own_environment.person, tools).code == 0
    assert not (own_environment.home / f"data/versions/{NEW}/venv/half").exists()


def test_an_environment_of_ours_is_installed_where_it_is(own_environment: Installed) -> None:
    own_environment.command.unlink()
    person = own_environment.person

    done = person.run("install", "--gateway", person.gateway.url)

    assert done.code == 0, done.err
    assert own_environment.said() == VERSION
