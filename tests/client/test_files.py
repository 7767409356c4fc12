"""Files and locks, on the system that the tests run on and on one that is played."""

import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from opencode_auth import files, paths
from opencode_auth.errors import Misused


def test_a_file_is_private_however_generous_the_masks_are_and_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "a/b/c.json"
    files.write_private(file, "first")
    file.chmod(0o644)
    files.write_private(file, "second")

    assert file.read_text() == "second"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*file.parent.iterdir()] == [file]


def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tokens.json"
    files.write_private(file, "kept")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Misused, match="No space left"):
        files.write_private(file, "new")

    assert file.read_text() == "kept"
    assert [*tmp_path.iterdir()] == [file]


def test_a_lock_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    with files.lock(tmp_path / "lock"), pytest.raises(files.Locked), files.lock(tmp_path / "lock", timeout_s=0):
        pytest.fail("two hold it")
    with files.lock(tmp_path / "lock", timeout_s=0):
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


def test_on_windows_a_lock_is_that_of_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    taken: list[bool] = []

    def locking(_descriptor: int, mode: int, count: int) -> None:
        asked.append((mode, count))
        if taken:
            raise PermissionError(13, "Permission denied")
        taken.append(True)

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
    monkeypatch.setattr(files, "try_lock", files.windows_lock)

    with files.lock(tmp_path / "lock"), pytest.raises(files.Locked), files.lock(tmp_path / "lock", timeout_s=0):
        pytest.fail("two hold it")
    assert asked == [(2, 1), (2, 1)]


def test_the_folders_are_the_systems_own_unless_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENCODE_AUTH_HOME", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert paths.state_folder() == tmp_path / "opencode-auth"

    monkeypatch.setenv("OPENCODE_AUTH_HOME", "~/gateway")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.cache_folder() == tmp_path / "gateway/cache"


def test_an_account_without_a_home_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENCODE_AUTH_HOME", "HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda _uid: {}[_uid])

    for folder in (paths.state_folder, paths.bin_folder):
        with pytest.raises(Misused, match="no home folder"):
            folder()


def test_folders_above_a_private_one_are_private_too(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = files.private_folder(tmp_path / "data/versions/1.0.0")
    finally:
        os.umask(before)

    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (made, *list(made.parents)[:2])] == [0o700] * 3
