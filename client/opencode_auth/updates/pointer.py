"""The command that a person calls: a pointer in the bin folder at the program of one version.

On POSIX it is a symbolic link. On Windows, where links need rights, it is a script of a fixed length: cmd reads a
script's next line from the place at which the line before ended, so a script that is replaced while it runs must end
where the one before did (stackoverflow.com/q/906586, read 2026-11-21).
"""

import ntpath
import os
import re
import secrets
import sys
from pathlib import Path

from opencode_auth.errors import Misused
from opencode_auth.files import private_folder, writable, write_private
from opencode_auth.paths import bin_folder

SCRIPT_BYTES = 1024
"""A multiple of this is the script's length."""
TARGET = re.compile(r'^@"(?:%~dp0)?([^"]+)" %\*$', re.MULTILINE)


def file(platform: str = sys.platform) -> Path:
    return bin_folder(platform) / ("opencode-auth.cmd" if platform == "win32" else "opencode-auth")


def target(platform: str = sys.platform) -> Path | None:
    """The program at which it points; None where there is no pointer, or something else in its place."""
    place = file(platform)
    try:
        if platform != "win32":
            return Path(os.readlink(place)) if place.is_symlink() else None
        found = TARGET.search(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Path(ntpath.normpath(ntpath.join(str(place.parent), unescaped(found[1])))) if found else None


def is_taken(versions: Path, platform: str = sys.platform) -> bool:
    """Whether something that is not ours is in its place."""
    if not os.path.lexists(file(platform)):
        return False
    now = target(platform)
    return now is None or not is_below(now, versions, platform)


def is_below(place: Path, folder: Path, platform: str) -> bool:
    if platform != "win32":
        return place.is_relative_to(folder) or place.resolve().is_relative_to(folder.resolve())
    return ntpath.normcase(str(place)).startswith(ntpath.normcase(str(folder)).rstrip("\\/") + "\\")


def aim(program: Path, platform: str = sys.platform) -> None:
    """Points at a program, in one step. Raises Misused where the folder cannot be written."""
    place = file(platform)
    with writable(place):
        private_folder(place.parent)
        if platform == "win32":
            write_private(place, script(program, place.parent))
            return
        new = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
        new.symlink_to(program)
        try:
            os.replace(new, place)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def script(program: Path, folder: Path) -> str:
    """Starts the program by its place beside the script's, which keeps the person's name out of cmd's code pages."""
    try:
        line = f'@"%~dp0{escaped(ntpath.relpath(str(program), str(folder)))}" %*\r\n'
    except ValueError:  # on another drive
        line = f'@"{escaped(str(program))}" %*\r\n'
    if '"' in str(program):
        raise Misused(f"{str(program)!r} has a quotation mark in it", hint="set OPENCODE_AUTH_HOME to another folder")
    remark = "@rem points at one version of opencode-auth; `opencode-auth update` rewrites it "
    length = len((remark + "\r\n" + line).encode())
    return f"{remark}{'.' * (-length % SCRIPT_BYTES)}\r\n{line}"


def escaped(text: str) -> str:
    return text.replace("%", "%%")


def unescaped(text: str) -> str:
    return text.replace("%%", "%")


def remove(platform: str = sys.platform) -> None:
    file(platform).unlink(missing_ok=True)
