"""The POSIX installer, run by shells that there are here; of the one for PowerShell, its form."""

import os
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from opencode_stacks.environment import ROOT
from serve_downloads.installer import POWERSHELL_BODY
from tests.functions.installed import GATEWAY, LINUX, MAC, PROGRAM, TOOLS, VERSION, WHEEL, Host, Machine, running_host

SHELLS = [shell for shell in ("sh", "dash", "bash", "zsh", "ksh", "busybox sh") if which(shell.split()[0])]
CALLS = ["--version", f"install --gateway {GATEWAY}"]
UV = ROOT / ".venv-tools/bin/uv"


@pytest.fixture(scope="module")
def one_host() -> Iterator[Host]:
    with running_host() as running:
        yield running


@pytest.fixture
def host(one_host: Host) -> Iterator[Host]:
    served = dict(one_host.served)
    one_host.asked.clear()
    yield one_host
    one_host.served = served


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.is_a("Linux", "x86_64")
    return made


@pytest.mark.parametrize("shell", SHELLS)
def test_the_executable_is_checked_run_and_nothing_else_is_left(host: Host, machine: Machine, shell: str) -> None:
    done = machine.runs(host.script(LINUX, MAC, WHEEL), shell=shell)

    assert (done.returncode, done.stdout, machine.calls) == (0, "", CALLS), done.stderr
    assert host.asked == [LINUX]
    assert machine.files() == []
    assert machine.data.stat().st_mode & 0o077 == 0
    assert "checked: SHA-256" in done.stderr


def test_run_again_it_does_the_same_and_touches_nothing_that_is_there(host: Host, machine: Machine) -> None:
    kept = {
        ".config/opencode-auth/gateway.json": "the person's own",
        ".local/share/opencode-auth/versions/1.3.0/opencode-auth": "the version before",
        ".local/bin/opencode-auth": "a pointer",
        ".profile": "export EDITOR=vi",
    }
    for name, text in kept.items():
        (machine.home / name).parent.mkdir(parents=True, exist_ok=True)
        (machine.home / name).write_text(text)

    done = [machine.runs(host.script(LINUX)) for _ in range(2)]

    assert [one.returncode for one in done] == [0, 0]
    assert machine.calls == CALLS * 2
    assert {name: (machine.home / name).read_text() for name in kept} == kept
    assert machine.files() == [".local/share/opencode-auth/versions/1.3.0/opencode-auth"]


@pytest.mark.parametrize("name", [LINUX, WHEEL])
def test_what_is_not_the_released_file_is_never_run(host: Host, machine: Machine, name: str) -> None:
    machine.has("uv", 'echo "uv $*" >>"$RECORD"')
    script = host.script(name)
    host.served[name] += b"# and one thing more"

    done = machine.runs(script)

    assert (done.returncode, machine.calls, machine.files()) == (1, [], [])
    assert "is not what was released, so nothing was run" in done.stderr


def test_a_script_that_is_cut_off_anywhere_does_nothing(host: Host, machine: Machine) -> None:
    script = host.script(LINUX)
    last = script.rindex('main "$@"')
    line_ends = [place.end() for place in re.finditer("\n", script)][:-1]
    begun = machine.home / "begun"
    machine.has("uname", f": >{begun}")
    machine.has("mkdir", f": >{begun}")

    for end in [*line_ends[::3], *(end - 7 for end in line_ends[::7]), *range(last, last + 4)]:
        machine.runs(script[:end])

    assert (host.asked, machine.calls, begun.exists(), machine.data.exists()) == ([], [], False, False)


@pytest.mark.parametrize(
    ("missing", "instead", "says"),
    [
        (["curl"], [], "neither curl nor wget is here"),
        (["curl"], ["wget"], None),
        (["sha256sum"], [], "cannot check a SHA-256"),
        (["sha256sum"], ["shasum", "perl"], None),
        (["sha256sum"], ["openssl"], None),
        (["mktemp"], [], "mktemp is missing"),
    ],
)
def test_other_tools_do_and_without_any_it_says_which_to_install(
    host: Host, tmp_path: Path, missing: list[str], instead: list[str], says: str | None
) -> None:
    if not all(map(which, instead)):
        pytest.skip(f"{instead} is not installed")
    machine = Machine(tmp_path, tools=[*(tool for tool in TOOLS if tool not in missing), *instead])
    machine.is_a("Linux", "x86_64")

    done = machine.runs(host.script(LINUX))

    assert machine.calls == ([] if says else CALLS), done.stderr
    assert (done.returncode, says or "checked") == (1 if says else 0, says or "checked")
    assert (says or "checked: SHA-256") in done.stderr


@pytest.mark.parametrize(
    ("kernel", "processor", "translated", "fetched"),
    [
        ("Darwin", "arm64", "0", MAC),
        ("Darwin", "x86_64", "1", MAC),
        ("Linux", "amd64", "", LINUX),
    ],
)
def test_a_platform_is_told_by_what_it_is_and_not_by_what_a_translation_says(
    host: Host, machine: Machine, kernel: str, processor: str, translated: str, fetched: str
) -> None:
    machine.is_a(kernel, processor)
    machine.has("sysctl", f"echo {translated}")

    machine.runs(host.script(LINUX, MAC, WHEEL))

    assert (host.asked, machine.calls) == ([fetched], CALLS)


def test_with_nothing_for_the_platform_and_no_python_it_says_what_would_help(host: Host, machine: Machine) -> None:
    machine.is_a("Linux", "riscv64")
    machine.has("python3", "exit 1")

    neither = machine.runs(host.script(LINUX))
    wheel = machine.runs(host.script(LINUX, WHEEL))

    assert "has nothing for Linux on riscv64" in neither.stderr
    assert "neither uv nor Python 3.11" in wheel.stderr
    assert (neither.returncode, wheel.returncode, host.asked) == (1, 1, [])


def test_an_executable_that_does_not_start_gives_way_to_the_wheel(host: Host, machine: Machine) -> None:
    host.served[LINUX] = b"#!/bin/sh\nexit 127\n"
    machine.has("python3", PYTHON)
    machine.has("client", PROGRAM.decode())

    done = machine.runs(host.script(LINUX, WHEEL), environment={"CLIENT": str(machine.home / "tools/client")})

    assert host.asked == [LINUX, WHEEL]
    assert (done.returncode, machine.calls) == (0, [f"install --gateway {GATEWAY}"]), done.stderr
    assert machine.files() == [f".local/share/opencode-auth/versions/{VERSION}/venv/bin/{name}" for name in PROGRAMS]


@pytest.mark.skipif(not UV.exists(), reason="uv is not installed")
def test_the_wheel_goes_into_an_environment_of_its_version_and_stays_there(host: Host, machine: Machine) -> None:
    machine.is_a("Linux", "riscv64")
    machine.has("uv", f'exec {UV} "$@"')
    machine.has("python3", f'exec {Path(sys.executable).resolve()} "$@"')
    host.served[WHEEL] = wheel(machine.home / "made.whl")
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(machine.home / "cache")}

    done = [machine.runs(host.script(WHEEL), environment=offline) for _ in range(2)]

    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    assert machine.calls == [f"install --gateway {GATEWAY}", *CALLS]
    assert host.asked == [WHEEL], "what works is kept"
    assert (machine.data / f"versions/{VERSION}/venv/bin/opencode-auth").exists()


def test_an_environment_that_cannot_be_made_leaves_nothing(host: Host, machine: Machine) -> None:
    machine.is_a("Linux", "riscv64")
    machine.has("uv", 'if [ "$1" = venv ]; then mkdir -p "$6"; : >"$6/half"; else echo "no index" >&2; exit 2; fi')

    done = machine.runs(host.script(WHEEL))

    assert (done.returncode, machine.calls, machine.files()) == (1, [], [])
    assert "no index" in done.stderr
    assert "is a package index within reach?" in done.stderr


def test_what_the_head_says_stays_data(host: Host, machine: Machine) -> None:
    hostile = "https://ai.example.com/'; touch OWNED; '$(touch OWNED)`touch OWNED`\\"

    done = machine.runs(host.script(LINUX, gateway=hostile))
    refused = [
        machine.runs(host.script(LINUX, gateway="http://ai.example.com")),
        machine.runs(host.script(LINUX, version="1.0'; touch OWNED; '")),
        machine.runs(host.script(LINUX, version="../../1.0")),
    ]

    assert (done.returncode, machine.calls) == (0, ["--version", f"install --gateway {hostile}"])
    assert [(one.returncode, one.stdout) for one in refused] == [(1, "")] * 3
    assert not (machine.home / "OWNED").exists()
    assert host.asked == [LINUX]


def test_a_link_that_has_expired_is_told_with_the_page_that_makes_a_new_one(host: Host, machine: Machine) -> None:
    script = host.script(LINUX)
    del host.served[LINUX]

    done = machine.runs(script)

    assert (done.returncode, machine.calls, machine.files()) == (1, [], [])
    assert f"copy a new line from {host.url}/" in done.stderr


def test_from_a_folder_that_holds_the_release_it_asks_no_host(host: Host, tmp_path: Path) -> None:
    machine = Machine(tmp_path, tools=[tool for tool in TOOLS if tool != "curl"])
    machine.is_a("Linux", "x86_64")
    script = host.script(LINUX, base=str(tmp_path))
    (tmp_path / LINUX).write_bytes(host.served[LINUX])
    good = machine.runs(script)
    (tmp_path / LINUX).write_bytes(b"another")
    bad = machine.runs(script)

    assert (good.returncode, bad.returncode, machine.calls, host.asked) == (0, 1, CALLS, []), good.stderr
    assert "is not what was released" in bad.stderr


def test_an_https_link_is_never_followed_to_anything_less(host: Host, machine: Machine) -> None:
    machine.has("curl", 'printf "%s\\n" "$@" >curled; exit 6')

    machine.runs(host.script(LINUX).replace(host.url, "https://downloads.example.com"))

    arguments = (machine.home / "curled").read_text().split("\n")
    assert {"--proto", "--proto-redir", "=https", "--tlsv1.2", "--fail"} <= {*arguments}


def test_a_server_that_falls_silent_is_given_up(host: Host, machine: Machine) -> None:
    machine.has("curl", 'printf "%s\\n" "$@" >curled; exit 28')

    done = machine.runs(host.script(LINUX))

    assert " --speed-limit 1 --speed-time 60 " in (machine.home / "curled").read_text().replace("\n", " ")
    assert (done.returncode, "could not fetch" in done.stderr) == (1, True)


def test_a_folder_that_another_owns_is_not_installed_into(host: Host, machine: Machine) -> None:
    """They could put another program in the place of the one that was checked."""
    machine.data.joinpath("versions").mkdir(parents=True)
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(machine.data, 54321, -1)

    done = machine.runs(host.script(LINUX))

    assert (done.returncode, machine.calls, host.asked) == (1, [], [])
    assert f"{machine.data} is somebody else's" in done.stderr


def test_what_the_wheel_needs_is_never_built(host: Host, machine: Machine) -> None:
    machine.is_a("Linux", "riscv64")
    machine.has("uv", 'printf "%s " "$@" >>uved')

    machine.runs(host.script(WHEEL))

    assert " --only-binary :all: " in (machine.home / "uved").read_text()
    assert POWERSHELL_BODY.count("'--only-binary', ':all:'") == 2


def test_root_in_the_home_of_another_is_told(host: Host, machine: Machine) -> None:
    machine.has("id", "echo 0")
    foreign = "/proc/1" if os.geteuid() else str(machine.home / "theirs")
    if not os.geteuid():
        Path(foreign).mkdir()
        os.chown(foreign, 54321, -1)

    done = machine.runs(host.script(LINUX), environment={"HOME": foreign, "OPENCODE_AUTH_HOME": str(machine.home)})

    assert f"into {foreign}, which is somebody else's" in done.stderr


@pytest.mark.parametrize(("user", "warns"), [("0", True), ("1000", False)])
def test_root_is_told_for_whom_it_installs(host: Host, machine: Machine, user: str, *, warns: bool) -> None:
    machine.has("id", f"echo {user}")

    done = machine.runs(host.script(LINUX))

    assert (machine.calls, "running as root" in done.stderr) == (CALLS, warns)


def test_the_powershell_installer_is_functions_that_the_last_line_calls() -> None:
    """Its form alone: there is no PowerShell here to run it."""
    outside = [line for line in POWERSHELL_BODY.splitlines() if line and line[0] not in "# }"]
    functions = re.findall(r"^function ([\w-]+)", POWERSHELL_BODY, re.MULTILINE)

    assert outside[-1] == "Install-OpencodeAuth"
    assert [line.split("(")[0].split(" {")[0] for line in outside[:-1]] == [f"function {name}" for name in functions]
    called = {name for name in re.findall(r"\b[A-Z][a-z]+-[A-Z]\w+", POWERSHELL_BODY)}
    assert {*functions} <= called
    for pair in ("{}", "()", "[]"):
        assert POWERSHELL_BODY.count(pair[0]) == POWERSHELL_BODY.count(pair[1])
    checked, run = POWERSHELL_BODY.index("Get-Artifact $chosen"), POWERSHELL_BODY.index("& $new install --gateway")
    assert checked < run
    assert POWERSHELL_BODY.isascii(), "Windows PowerShell 5.1 reads what has no byte order mark as another encoding"


PROGRAMS = ("opencode-auth", "python")
PYTHON = r"""
[ "$1" = -m ] || exit 0
mkdir -p "$3/bin"
printf '%s\n' '#!/bin/sh' 'cat "$CLIENT" >"${0%/*}/opencode-auth"' 'chmod 755 "${0%/*}/opencode-auth"' >"$3/bin/python"
chmod 755 "$3/bin/python"
"""
"""Fit, and makes environments whose pip installs the client."""


def wheel(file: Path) -> bytes:
    """A client that notes with what it is called, without anything that it depends on."""
    about = f"opencode_auth-{VERSION}.dist-info"
    contents = {
        "opencode_auth.py": "import os, sys\ndef main():\n"
        "    open(os.environ['RECORD'], 'a').write(' '.join(sys.argv[1:]) + '\\n')\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: opencode-auth\nVersion: {VERSION}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\nopencode-auth = opencode_auth:main\n",
    }
    record = "".join(f"{name},,\n" for name in [*contents, f"{about}/RECORD"])
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in {**contents, f"{about}/RECORD": record}.items():
            archive.writestr(name, text)
    return file.read_bytes()
