"""What differs between systems, on the one that runs the tests."""

import ntpath
import os
import sys
from pathlib import Path

import pytest

from opencode_auth import packed, paths
from opencode_auth.files import private_folder
from opencode_auth.updates import artifacts, background, layout, pointer, search_path

WINDOWS = "win32"
LOCAL = r"C:\Users\Zoë\AppData\Local"


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("linux", "x86_64", "linux-x86_64"),
        ("linux", "aarch64", "linux-aarch64"),
        ("linux", "arm64", "linux-aarch64"),
        ("darwin", "x86_64", "macos-x86_64"),
        ("darwin", "arm64", "macos-arm64"),
        ("win32", "AMD64", "windows-x86_64"),
        ("win32", "ARM64", "windows-arm64"),
        ("freebsd14", "amd64", "freebsd14-x86_64"),
    ],
)
def test_each_platform_is_named_as_releases_name_it(system: str, machine: str, name: str) -> None:
    assert artifacts.this_platform(system, machine) == name


def test_the_command_is_where_each_system_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/Users/ada")
    assert paths.bin_folder("darwin", {}) == Path("/Users/ada/.local/bin")
    assert paths.bin_folder("linux", {}) == Path("/Users/ada/.local/bin")
    assert paths.bin_folder(WINDOWS, {"LOCALAPPDATA": "/l"}) == Path("/l/Programs/opencode-auth/bin")
    assert paths.bin_folder(WINDOWS, {"OPENCODE_AUTH_HOME": "/h", "LOCALAPPDATA": "/l"}) == Path("/h/bin")


def test_the_pointer_of_windows_is_found_again_and_never_longer_or_shorter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "100% Zoë"
    monkeypatch.setenv("OPENCODE_AUTH_HOME", str(home))
    versions = home / "data/versions"
    lengths = set()
    for version in ("1.9.9", "1.10.0", "10.100.1000"):
        program = versions / version / "opencode-auth.exe"
        pointer.aim(program, WINDOWS)
        found = pointer.target(WINDOWS)
        assert str(found) == ntpath.normpath(str(program))
        lengths.add(pointer.file(WINDOWS).stat().st_size)
        assert not pointer.is_taken(versions, WINDOWS)

    assert lengths == {pointer.SCRIPT_BYTES}, "cmd goes on reading at the byte where it stopped"
    remark, line = pointer.file(WINDOWS).read_bytes().decode().splitlines()
    assert remark.startswith("@rem ")
    assert line == r'@"%~dp0..\data\versions\10.100.1000\opencode-auth.exe" %*'
    assert [each.name for each in pointer.file(WINDOWS).parent.iterdir()] == ["opencode-auth.cmd"]


def test_the_pointer_of_windows_names_no_folder_of_the_person_and_reaches_another_drive() -> None:
    bin_folder = Path(LOCAL + r"\Programs\opencode-auth\bin")
    near = pointer.script(Path(LOCAL + r"\opencode-auth\versions\1.0.0\opencode-auth.exe"), bin_folder)
    far = pointer.script(Path(r"D:\100%\opencode-auth.exe"), bin_folder)

    assert "Zoë" not in near
    assert near.endswith('@"%~dp0..\\..\\..\\opencode-auth\\versions\\1.0.0\\opencode-auth.exe" %*\r\n')
    assert far.endswith('@"D:\\100%%\\opencode-auth.exe" %*\r\n')
    assert len(near) == len(far) == pointer.SCRIPT_BYTES


def test_a_script_of_the_person_is_not_taken_for_the_pointer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_AUTH_HOME", str(tmp_path))
    file = private_folder(tmp_path / "bin") / "opencode-auth.cmd"
    file.write_text('@"C:\\tools\\opencode-auth.exe" %*\r\n')
    assert pointer.is_taken(tmp_path / "data/versions", WINDOWS)
    file.write_bytes(b"\xff\xfe not text")
    assert pointer.is_taken(tmp_path / "data/versions", WINDOWS)


def test_a_program_that_runs_on_windows_is_moved_aside_and_removed_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCODE_AUTH_HOME", str(tmp_path))
    program = private_folder(layout.version_folder("1.0.0")) / layout.PROGRAM
    program.write_text("running")
    replace = os.replace

    def as_windows(source: Path, target: Path) -> None:
        if Path(target).exists():
            raise PermissionError(13, "Access is denied", str(target))
        replace(source, target)

    with layout.workshop() as folder:
        new = folder / "download"
        new.write_text("new")
        monkeypatch.setattr(os, "replace", as_windows)
        layout.place_executable(new, "1.0.0")

    assert program.read_text() == "new"
    assert len([*program.parent.iterdir()]) == 2
    layout.tidy({"1.0.0"})
    assert [*program.parent.iterdir()] == [program]


def test_windows_finds_folders_whatever_their_case_and_says_how_to_add_one() -> None:
    folder = Path(r"C:\Users\O'Neil\bin")
    assert search_path.has(folder, r"C:\Windows;c:\users\o'neil\BIN\;", WINDOWS)
    assert not search_path.has(folder, r"C:\Windows", WINDOWS)
    assert r"';C:\Users\O''Neil\bin'" in search_path.how_to_add(folder, {}, WINDOWS)


def test_no_window_opens_for_a_check_in_the_background() -> None:
    assert background.without_window(WINDOWS) == {"creationflags": 0x08000000}
    assert background.without_window("linux") == {}


def test_programs_that_a_packed_file_starts_get_the_persons_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked = {"LD_LIBRARY_PATH": "/tmp/_MEI1", "LD_LIBRARY_PATH_ORIG": "/opt/lib", "HOME": "/home/ada"}
    plain = {"LD_LIBRARY_PATH": "/opt/lib"}
    packed.leave_no_trace(plain)
    assert plain == {"LD_LIBRARY_PATH": "/opt/lib"}

    monkeypatch.setattr(sys, "frozen", True, raising=False)
    packed.leave_no_trace(unpacked)
    assert unpacked == {"LD_LIBRARY_PATH": "/opt/lib", "HOME": "/home/ada", "PYINSTALLER_RESET_ENVIRONMENT": "1"}
    none_before = {"LD_LIBRARY_PATH": "/tmp/_MEI1"}
    packed.leave_no_trace(none_before)
    assert none_before == {"PYINSTALLER_RESET_ENVIRONMENT": "1"}
