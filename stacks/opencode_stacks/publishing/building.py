"""Builds the client: a wheel for everybody who has Python, one executable file for this platform.

Sources: Hatch documentation, "Reproducible builds"; PyInstaller manual, "Creating a Reproducible Build" (read
2026-11-21).
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from tempfile import TemporaryDirectory

from opencode_stacks.publishing.artifacts import EXE, executable_name, this_platform, wheel_name
from opencode_stacks.publishing.refusal import NotPublished

EPOCH_S = "1580601600"
"""2020-02-02, the date of every file in the wheel: the same sources make the same bytes."""
ENTRY = "from opencode_auth.cli import main\n\nmain()\n"
OPTIONAL = re.compile(r";.*\bextra\s*==")
REPRODUCIBLE: Mapping[str, str] = {"SOURCE_DATE_EPOCH": EPOCH_S, "PYTHONHASHSEED": "1"}


def wheel(source: Path, folder: Path, version: str) -> Path:
    """Raises NotPublished."""
    built([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.resolve())], source)
    return folder / wheel_name(version)


def executable(source: Path, folder: Path, version: str) -> Path:
    """About half a minute of work; needs neither Python nor the sources to run. Raises NotPublished."""
    file = folder.resolve() / executable_name(version, this_platform())
    strangers = [word for module in not_needed(source) for word in ("--exclude-module", module)]
    options = ["--onefile", "--name", "opencode-auth", "--log-level", "WARN", "--collect-submodules", "opencode_auth"]
    with TemporaryDirectory() as scratch:
        work = Path(scratch)
        entry, made = work / "entry.py", work / "dist" / f"opencode-auth{EXE if file.suffix == EXE else ''}"
        entry.write_text(ENTRY)
        built(
            [sys.executable, "-m", "PyInstaller", *options, *strangers, str(entry)],
            work,
            PYTHONPATH=str(source.resolve()),
            PYINSTALLER_CONFIG_DIR=str(work / "cache"),
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, file)
    return file


def not_needed(source: Path) -> list[str]:
    """Modules that are installed here for something else: the client takes what it names, and what that names."""
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    to_visit, needed = [*map(distribution_of, project["dependencies"])], set[str]()
    while to_visit:
        if (name := to_visit.pop()) not in needed:
            needed.add(name)
            to_visit += requirements(name)
    return sorted(
        module
        for module, distributions in packages_distributions().items()
        if not needed & set(map(distribution_of, distributions)) and module.isidentifier()
    )


def requirements(distribution: str) -> list[str]:
    """Those of any platform, but none of the optional ones. None of what is for other platforms and not here."""
    try:
        named = requires(distribution) or []
    except PackageNotFoundError:
        return []
    return [distribution_of(one) for one in named if not OPTIONAL.search(one)]


def distribution_of(requirement: str) -> str:
    """`typing-extensions` of `typing_extensions>=4; python_version < "3.13"`. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]).lower()


def built(command: Sequence[str], folder: Path, **variables: str) -> None:
    """Raises NotPublished with the end of what the builder said."""
    environ = {**os.environ, **REPRODUCIBLE, **variables}
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  ours
    if ran.returncode:
        raise NotPublished(f"{command[2]} could not build the client:\n{(ran.stdout + ran.stderr).strip()[-2000:]}")
