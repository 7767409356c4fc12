"""A virtual environment of its own for a wheel, built where it stays: its scripts name their folder.

Dependencies come from the package index that this machine is configured for, as wheels only: none of them runs code
while it is installed.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from opencode_auth.errors import ClientError
from opencode_auth.files import private_folder
from opencode_auth.updates.layout import ENVIRONMENT, SCRIPTS, environment_program, last_line, version_folder

TIMEOUT_S = 900.0
INDEX = "is the package index within reach?"


def built(wheel: Path, version: str) -> Path:
    """The program in the version's folder. Raises ClientError with the last words of the installer.

    What an earlier attempt left there is replaced: nothing points at a version before it is whole.
    """
    environment = private_folder(version_folder(version)) / ENVIRONMENT
    if environment.exists():
        shutil.rmtree(environment)
    for command in commands(wheel, environment, shutil.which("uv")):
        carried_out(command)
    return environment_program(environment)


def commands(wheel: Path, environment: Path, uv: str | None) -> Sequence[Sequence[str]]:
    """By uv where there is one, else by Python's own modules.

    Source: docs.astral.sh/uv/reference/cli, pip.pypa.io/en/stable/cli/pip_install (read 2026-11-21).
    """
    python = str(environment / SCRIPTS / "python")
    if uv:
        return (
            (uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(environment)),
            (uv, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", python, str(wheel)),
        )
    installing = ("pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:")
    return (
        (sys.executable, "-I", "-m", "venv", str(environment)),
        (python, "-I", "-m", *installing, str(wheel)),
    )


def carried_out(command: Sequence[str], *, hint: str | None = INDEX) -> None:
    """Raises ClientError for a command that fails, or takes longer than TIMEOUT_S."""
    name = Path(command[0]).stem
    try:
        done = subprocess.run(  # noqa: S603  fixed words and a verified file, without a shell
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or f"no end within {TIMEOUT_S:.0f} s"
        raise ClientError(f"{name} could not be run: {reason}") from error
    if done.returncode:
        said = last_line(done.stderr) or last_line(done.stdout) or f"exit code {done.returncode}"
        raise ClientError(f"{name} failed: {said}", hint=hint)
