"""Finding a tool's program as the shell does, and becoming it.

On POSIX this process turns into the program: its exit code and the signals that it gets are the program's own.
Windows knows no such thing; there the program is waited for, and Ctrl-C, which reaches both, is left to it.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from opencode_auth.errors import Misused

OWN_MARK = b"opencode-auth run"
"""A script with these words is a wrapper that starts this command."""
MARK_WITHIN_BYTES = 4096


def find(program: str, search_path: str) -> str:
    """The first on the search path that is not this program again. Raises Misused."""
    places = (shutil.which(program, path=folder) for folder in search_path.split(os.pathsep) if folder)
    found = next((place for place in places if place and not is_own(Path(place))), None)
    if found is None:
        raise Misused(f"{program!r} is not on the search path", hint=f"install {program}, or add its folder to PATH")
    return found


def is_own(place: Path) -> bool:
    """Whether it is this program, by a link or by a script that starts it."""
    if place.resolve() == Path(sys.argv[0]).resolve():
        return True
    try:
        with place.open("rb") as file:
            start = file.read(MARK_WITHIN_BYTES)
    except OSError:
        return False
    return start.startswith(b"#!") and OWN_MARK in start


def with_variables(environment: Mapping[str, str], variables: Mapping[str, str | None]) -> dict[str, str]:
    """The environment with the variables set, those that are None unset."""
    merged: dict[str, str | None] = {**environment, **variables}
    return {name: value for name, value in merged.items() if value is not None}


def become(program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Ends this process in favour of the program's."""
    # Python ignores SIGPIPE, and what is ignored stays ignored in the program
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program, [program, *arguments], environment)  # noqa: S606  the person asked for this program


def wait_for(program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """The program's exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call([program, *arguments], env=dict(environment))  # noqa: S603  the person asked for it


start: Callable[[str, Sequence[str], Mapping[str, str]], int] = wait_for if sys.platform == "win32" else become
