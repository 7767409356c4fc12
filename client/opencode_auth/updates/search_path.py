"""Whether a shell finds the command, and the line that makes it."""

import ntpath
import os
import posixpath
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

PROFILES = {"zsh": "~/.zshrc", "bash": "~/.bashrc"}


def has(folder: Path, search_path: str, platform: str = sys.platform) -> bool:
    if platform == "win32":
        wanted = ntpath.normcase(ntpath.normpath(str(folder)))
        return wanted in {ntpath.normcase(ntpath.normpath(each)) for each in search_path.split(";") if each}
    return posixpath.normpath(str(folder)) in {posixpath.normpath(each) for each in search_path.split(":") if each}


def found_instead(place: Path, search_path: str) -> str | None:
    """What a shell calls by the name of the command at `place`, where that is another program."""
    found = shutil.which(place.stem, path=search_path)
    return found if found and not os.path.samefile(found, place) else None


def how_to_add(folder: Path, environment: Mapping[str, str], platform: str = sys.platform) -> str:
    """One command for the person's shell; new terminals then find it."""
    if platform == "win32":
        quoted = str(folder).replace("'", "''")
        user = '[Environment]::GetEnvironmentVariable("Path", "User")'
        return f"""[Environment]::SetEnvironmentVariable("Path", {user} + ';{quoted}', "User")"""
    shell = os.path.basename(environment.get("SHELL", ""))
    place = in_home(folder, environment.get("HOME", ""))
    if shell == "fish":
        return f'fish_add_path "{place}"'
    profile = "~/.bash_profile" if (shell, platform) == ("bash", "darwin") else PROFILES.get(shell, "~/.profile")
    return f"""echo 'export PATH="{place}:$PATH"' >> {profile}"""


def in_home(folder: Path, home: str) -> str:
    """By $HOME where it is in there: a profile is often shared by machines."""
    if home and folder.is_relative_to(home):
        return f"$HOME/{folder.relative_to(home).as_posix()}"
    return str(folder)
