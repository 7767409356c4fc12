"""The files of a release: where they come from, how they are called, and that they do what their names say."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import get_args

from opencode_stacks.publishing.manifest import Artifact, Platform, is_version
from opencode_stacks.publishing.refusal import NotPublished

PLATFORMS: tuple[Platform, ...] = get_args(Platform)
SYSTEMS: Mapping[str, str] = {"linux": "linux", "darwin": "macos", "win32": "windows"}
"""By Python's name of the operating system."""
MACHINES: Mapping[tuple[str, str], str] = {
    ("linux", "aarch64"): "aarch64",
    ("macos", "arm64"): "arm64",
    ("windows", "arm64"): "arm64",
}
"""By system and what it calls its processor in lower case; all others are x86_64."""
VERSION_LINE = re.compile(r'^VERSION = "(?P<version>[^"]+)"$', re.MULTILINE)
EXECUTABLE_MODE = 0o755
EXE = ".exe"
"""Without which Windows starts nothing."""
START_S = 60
"""Within which an executable says its version: the first start of a large file on a slow disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An artifact, and the file that it describes."""

    artifact: Artifact
    file: Path


def version_of(source: Path) -> str:
    """What the client's own version.py says. Raises NotPublished."""
    file = source / "opencode_auth" / "version.py"
    try:
        found = VERSION_LINE.search(file.read_text())
        return is_version(found["version"] if found else "")
    except (OSError, ValueError) as error:
        raise NotPublished(f'{file} has no line such as VERSION = "1.2.3": {error}') from error


def this_platform() -> Platform:
    """Raises NotPublished on one that has no name in a release."""
    system, machine = SYSTEMS.get(sys.platform, sys.platform), platform.machine().lower()
    name = f"{system}-{MACHINES.get((system, machine), 'x86_64' if machine in {'x86_64', 'amd64'} else machine)}"
    for known in PLATFORMS:
        if known == name:
            return known
    raise NotPublished(f"there are no executables for {name}; WHEEL_ONLY=1 publishes without")


def wheel_name(version: str) -> str:
    return f"opencode_auth-{version}-py3-none-any.whl"


def executable_name(version: str, of: Platform) -> str:
    return f"opencode-auth-{version}-{of}{EXE if of.startswith('windows') else ''}"


def names(version: str) -> Mapping[str, Platform]:
    """Platform by name of every file that a release of this version can have."""
    executables = {executable_name(version, of): of for of in PLATFORMS if of != "any"}
    return {wheel_name(version): "any", **executables}


def described(file: Path, version: str) -> Built:
    """Raises NotPublished."""
    of = names(version)[file.name]
    content = file.read_bytes()
    if not content:
        raise NotPublished(f"{file} is empty")
    kind = "wheel" if of == "any" else "executable"
    digest = sha256(content).hexdigest()
    artifact = Artifact.model_validate(
        {"name": file.name, "kind": kind, "platform": of, "size": len(content), "sha256": digest}
    )
    return Built(artifact=artifact, file=file)


def prebuilt(folder: Path, version: str, into: Path) -> list[Path]:
    """Copies of all files of a folder but hidden ones, so that none is forgotten, and each can be run.

    What passed through an archive of a build system has often lost its mode. Raises NotPublished.
    """
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    if strange := [file.name for file in files if file.name not in names(version)]:
        raise NotPublished(
            f"EXECUTABLES: {', '.join(strange)} in {folder}: only artifacts of {version} may be there, "
            f"called {', '.join(names(version))}"
        )
    if not files:
        raise NotPublished(f"EXECUTABLES: {folder} is empty; `make executable` writes into it")
    return [runnable(file, into / file.name) for file in files]


def runnable(file: Path, copy: Path) -> Path:
    shutil.copyfile(file, copy)
    copy.chmod(EXECUTABLE_MODE)
    return copy


def refuse_broken(file: Path, version: str) -> None:
    """Runs an executable: raises NotPublished unless it starts and says this version."""
    try:
        ran = subprocess.run([file, "--version"], capture_output=True, text=True, timeout=START_S, check=False)  # noqa: S603  ours
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotPublished(f"{file.name} does not start here: {error}") from error
    if ran.returncode or not ran.stdout.rstrip().endswith(f"version {version}"):
        said = (ran.stdout + ran.stderr).strip()[-500:]
        raise NotPublished(f"{file.name} --version ends with {ran.returncode} and says {said!r}, not {version}")
