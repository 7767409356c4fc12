"""Files that only their owner can read, replaced whole, and locks that hold across processes."""

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from opencode_auth.errors import ClientError, Misused

FOLDER_MODE = 0o700
FILE_MODE = 0o600
LOCK_POLL_S = 0.02

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Locked(ClientError):
    """Another process holds the lock."""


def private_folder(folder: Path) -> Path:
    """The folder, made with mode 0700 where it is missing. Raises Misused where that is not possible.

    So are those above it: whoever may write to one of them could put another in its place.
    """
    with writable(folder):
        for missing in reversed([each for each in folder.parents if not each.exists()]):
            missing.mkdir(mode=FOLDER_MODE, exist_ok=True)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    return folder


def write_private(file: Path, content: str) -> None:
    """Replaces the file in one step; its mode is 0600 before the first byte. Raises Misused where it cannot."""
    private_folder(file.parent)
    with writable(file):
        # mkstemp creates with mode 0600
        descriptor, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def write_json(file: Path, document: object) -> None:
    write_private(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def read_json(file: Path) -> Any:
    """None where there is no such file. Raises Misused for one that is not JSON."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise Misused(f"cannot read {str(file)!r}: {error}") from error


def read_state(file: Path) -> dict[str, Any]:
    """The object in a file of our own making; empty where there is none, or a damaged one. Raises Misused."""
    try:
        document = read_json(file)
    except Misused as error:
        if isinstance(error.__cause__, OSError):
            raise
        return {}
    return document if isinstance(document, dict) else {}


@contextlib.contextmanager
def lock(file: Path, *, timeout_s: float = 30.0) -> Iterator[None]:
    """Holds the file's lock; it ends with the process. Raises Locked after `timeout_s`; 0 does not wait."""
    private_folder(file.parent)
    with writable(file):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        until_s = time.monotonic() + timeout_s
        while not try_lock(descriptor):
            if time.monotonic() >= until_s:
                raise Locked(f"another process holds {str(file)!r}")
            time.sleep(LOCK_POLL_S)
        yield
    finally:
        os.close(descriptor)


def posix_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def windows_lock(descriptor: int) -> bool:
    """Of the first byte, which need not exist."""
    import msvcrt  # noqa: PLC0415  Windows alone has it

    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True


try_lock: Callable[[int], bool] = posix_lock if fcntl else windows_lock


@contextlib.contextmanager
def writable(path: Path) -> Iterator[None]:
    """Turns a refusal of the file system into Misused."""
    try:
        yield
    except OSError as error:
        hint = "make that folder writable, or set OPENCODE_AUTH_HOME to one that is"
        raise Misused(f"cannot write {str(error.filename or path)!r}: {error.strerror}", hint=hint) from error
