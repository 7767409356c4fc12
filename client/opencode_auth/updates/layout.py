"""The versions of this program side by side, and the step from one to another that a crash cannot spoil.

A version is put beside the others and tried before the pointer moves, and tried again through the pointer, which moves
back when that fails. Until the pointer moves the command is the old one, afterwards the new one; nothing is in between.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from opencode_auth.errors import ClientError, Misused
from opencode_auth.files import FOLDER_MODE, private_folder, writable
from opencode_auth.paths import data_folder
from opencode_auth.updates import pointer

PROGRAM = "opencode-auth.exe" if sys.platform == "win32" else "opencode-auth"
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"
ENVIRONMENT = "venv"
UNFINISHED = "."
"""Begins the names of what a crash may leave behind."""
TRIAL_TIMEOUT_S = 60.0
"""A scanner of viruses may look at a new program before it starts."""


class DoesNotStart(ClientError):
    """A version that this machine cannot run."""


def versions_folder() -> Path:
    return data_folder().absolute() / "versions"


def version_folder(version: str) -> Path:
    return versions_folder() / version


def is_inside(place: Path) -> bool:
    return place.is_relative_to(versions_folder().resolve())


def environment_program(environment: Path) -> Path:
    """The command of a virtual environment."""
    return environment / SCRIPTS / PROGRAM


def version_of(program: Path | None) -> str | None:
    """By the folder that it is in; None for what is not in the layout."""
    if program is None or not program.is_relative_to(versions_folder()):
        return None
    return program.relative_to(versions_folder()).parts[0]


def current() -> str | None:
    """The version at which the pointer points."""
    return version_of(pointer.target())


@contextmanager
def workshop() -> Iterator[Path]:
    """A private folder beside the versions, gone afterwards."""
    with writable(versions_folder()):
        folder = Path(mkdtemp(prefix=f"{UNFINISHED}new-", dir=private_folder(versions_folder())))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def place_executable(file: Path, version: str) -> Path:
    """Moves a file that is on the same disk to its place in the layout, in one step."""
    program = private_folder(version_folder(version)) / PROGRAM
    with writable(program):
        file.chmod(FOLDER_MODE)
        try:
            os.replace(file, program)
        except PermissionError:  # Windows lets a running program be renamed, but not replaced
            os.replace(program, program.with_name(f"{UNFINISHED}old-{secrets.token_hex(8)}.exe"))
            os.replace(file, program)
    return program


def activate(program: Path, version: str) -> None:
    """Points the command at a program that says it is that version, before and after.

    Raises DoesNotStart; the command is then what it was before. Misused where the folder cannot be written, or where
    the command is somebody else's.
    """
    if pointer.is_taken(versions_folder()):
        hint = "move it away, or have it removed: uv tool uninstall opencode-auth, or pipx uninstall opencode-auth"
        raise Misused(f"{pointer.file()} is there already, and not from this installer", hint=hint)
    try_out([str(program)], version)
    before = pointer.target()
    pointer.aim(program)
    try:
        try_out([str(pointer.file())], version)
    except DoesNotStart:
        take_back(before)
        raise


def take_back(before: Path | None) -> None:
    if before is None:
        pointer.remove()
    else:
        pointer.aim(before)


def try_out(command: Sequence[str], version: str) -> None:
    """Raises DoesNotStart unless `--version` says that version."""
    try:
        done = subprocess.run(  # noqa: S603  verified before, by list and without a shell
            [*command, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TRIAL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or f"no answer within {TRIAL_TIMEOUT_S:.0f} s"
        raise DoesNotStart(f"opencode-auth {version} does not start here: {reason}") from error
    said = done.stdout.decode(errors="replace").split()
    if done.returncode or version not in said:
        reason = last_line(done.stderr) or f"it ended with {done.returncode} and did not say that version"
        raise DoesNotStart(f"opencode-auth {version} does not start here: {reason}")


def last_line(output: bytes) -> str:
    """What a failed program said last, on one line."""
    lines = output.decode(errors="replace").strip().splitlines()
    return "".join(letter if letter.isprintable() else " " for letter in lines[-1])[:300] if lines else ""


def sweep() -> None:
    """Removes what crashes left. Called with the lock of updates held, before a workshop is opened."""
    for folder in versions_folder().glob(f"{UNFINISHED}*"):
        shutil.rmtree(folder, ignore_errors=True)


def tidy(keep: Iterable[str | None]) -> None:
    """Removes all versions but these; what is in use stays until the next time."""
    names = {name for name in keep if name}
    for folder in [*versions_folder().iterdir()]:
        if folder.name not in names and not folder.name.startswith(UNFINISHED):
            shutil.rmtree(folder, ignore_errors=True)
    for name in names:
        for file in version_folder(name).glob(f"{UNFINISHED}old-*"):
            with suppress(OSError):
                file.unlink()
