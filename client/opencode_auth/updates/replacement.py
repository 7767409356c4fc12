"""One version in the place of another, by whoever looks after this installation's files."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from opencode_auth import paths
from opencode_auth.errors import ClientError
from opencode_auth.files import private_folder, writable
from opencode_auth.proxy.daemon import own_command
from opencode_auth.updates import environment, layout, pointer
from opencode_auth.updates.installation import Installation, Kind

PLATFORM = sys.platform
Replace = Callable[[Path, str], Sequence[str]]
"""Takes the verified file and its version; the command that starts the new version. Raises ClientError."""


class ByHand(ClientError):
    """An installation that only the person can replace; the hint is the whole command."""


def replaced(found: Installation, file: Path, version: str) -> Sequence[str]:
    """The command that starts the new version. Raises ClientError; the old one then still works."""
    return REPLACEMENTS[found.kind](file, version)


def by_executable(file: Path, version: str) -> Sequence[str]:
    return put_in_place(layout.place_executable(file, version), version)


def by_environment(file: Path, version: str) -> Sequence[str]:
    return put_in_place(environment.built(file, version), version)


def put_in_place(program: Path, version: str) -> Sequence[str]:
    """The version before stays, and the one that runs now; older ones go."""
    before = layout.current()
    layout.activate(program, version)
    layout.tidy({version, before, layout.version_of(running_program())})
    return (str(pointer.file()),)


def running_program() -> Path:
    return Path(sys.executable).absolute()


def by_uv(file: Path, version: str) -> Sequence[str]:
    """Source: docs.astral.sh/uv/guides/tools (read 2026-11-21)."""
    kept = kept_file(file)
    trial = ("tool", "run", "--quiet", "--no-build", "--from", str(kept), "opencode-auth")
    return by_tool("uv", trial, ("tool", "install", "--no-build", "--force", str(kept)), version)


def by_pipx(file: Path, version: str) -> Sequence[str]:
    """Source: pipx.pypa.io, "CLI reference" (read 2026-11-21)."""
    kept = kept_file(file)
    wheels_only = "--pip-args=--only-binary=:all:"
    trial = ("run", "--no-cache", wheels_only, "--spec", str(kept), "opencode-auth")
    return by_tool("pipx", trial, ("install", "--force", wheels_only, str(kept)), version)


def by_tool(name: str, trial: Sequence[str], install: Sequence[str], version: str) -> Sequence[str]:
    """Tries the version in a throw-away environment first.

    On Windows the environment of a program that runs cannot be replaced. Raises ByHand there, and without the tool.
    """
    program = shutil.which(name)
    if program is None or PLATFORM == "win32":
        raise by_hand(version, (name, *install))
    layout.try_out((program, *trial), version)
    environment.carried_out((program, *install))
    layout.try_out(own_command(), version)
    return own_command()


def by_pip(file: Path, version: str) -> Sequence[str]:
    raise by_hand(version, (sys.executable, "-m", "pip", "install", "--upgrade", str(kept_file(file))))


def by_loose(file: Path, version: str) -> Sequence[str]:
    from opencode_auth.gateway import saved  # noqa: PLC0415  start-up

    kept = kept_file(file)
    kept.chmod(0o700)
    raise by_hand(version, (str(kept), "install", "--gateway", saved().api_url))


def by_hand(version: str, command: Sequence[str]) -> ByHand:
    words = subprocess.list2cmdline(command) if PLATFORM == "win32" else shlex.join(command)
    message = f"opencode-auth {version} is here and verified, but this one was not put here by our installer"
    return ByHand(message, hint=words)


def kept_file(file: Path) -> Path:
    """The file where other programs may find it later; the one before goes."""
    folder = paths.cache_folder() / "releases"
    shutil.rmtree(folder, ignore_errors=True)
    with writable(folder):
        return Path(shutil.move(file, private_folder(folder) / file.name))


REPLACEMENTS: Mapping[Kind, Replace] = {
    Kind.EXECUTABLE: by_executable,
    Kind.ENVIRONMENT: by_environment,
    Kind.UV: by_uv,
    Kind.PIPX: by_pipx,
    Kind.LOOSE: by_loose,
    Kind.PIP: by_pip,
}
"""A checkout has none: it is nobody's release."""
