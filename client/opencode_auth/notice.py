"""Tells the person once that a sign-in is needed, however many processes find out."""

import os
from pathlib import Path

from opencode_auth.files import FILE_MODE, private_folder, writable
from opencode_auth.paths import state_folder


def file() -> Path:
    return state_folder() / "person-needed"


def is_first() -> bool:
    """True for one process after each sign-in. Raises Misused when the folder cannot be written."""
    private_folder(state_folder())
    with writable(file()):
        try:
            os.close(os.open(file(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
        except FileExistsError:
            return False
    return True


def settled() -> None:
    """The person has signed in: the next time is a first time again."""
    file().unlink(missing_ok=True)
