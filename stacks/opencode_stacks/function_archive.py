"""What a Lambda function of functions/ consists of: its own files and the packages that it needs, nothing compiled."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

import pulumi

from opencode_stacks.environment import ROOT

FUNCTIONS = ROOT / "functions"
SHARED = "served_site"
"""The package that every function may import."""
PROJECT = "opencode-functions"
"""Its extra of a function's name, with dashes, lists what that function needs."""
SOURCES = frozenset({".py", ".html", ".css", ".js", ".svg", ".sh", ".ps1"})
NEVER_PACKED = frozenset({".so", ".pyd", ".dylib", ".dll", ".c", ".h", ".pyc", ".pyo", ".pyi", ".pth", ".typed"})
"""Compiled for one processor and one Python, or of no use when the function runs."""
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)[^;]*(;\s*(?P<marker>.+))?$")
EXTRA = re.compile(r"""extra\s*==\s*['"](?P<name>[\w.-]+)['"]""")
"""Source: Python packaging user guide, "Dependency specifiers" (read 2026-11-21)."""


class Unpackable(LookupError):
    """A function that cannot be packed: it, or something that it needs, is not there."""


def archive_of(function: str, functions: Path = FUNCTIONS) -> pulumi.AssetArchive:
    """`functions/<function>` as a package of that name, beside the shared one and those that it needs.

    Raises Unpackable. Equal sources make equal archives, wherever they lie.
    """
    return pulumi.AssetArchive(
        {path: pulumi.FileAsset(str(file)) for path, file in files_of(function, functions).items()}
    )


def files_of(function: str, functions: Path) -> Mapping[str, Path]:
    """By path in the archive, in order. Raises Unpackable."""
    own = dict(sources(functions / function))
    if not own:
        raise Unpackable(f"{functions / function} has no sources of a function")
    packages = needed(function.replace("_", "-")).values()
    others = {path: file for package in packages for path, file in files_in(package)}
    return dict(sorted({**own, **dict(sources(functions / SHARED)), **others}.items()))


def sources(folder: Path) -> Iterator[tuple[str, Path]]:
    """Path and file of what a package of ours consists of."""
    for file in folder.rglob("*"):
        if file.suffix in SOURCES and "__pycache__" not in file.parts:
            yield f"{folder.name}/{file.relative_to(folder).as_posix()}", file


def needed(extra: str) -> Mapping[str, Distribution]:
    """By name, the distributions that the extra lists, and what those need."""
    waiting = [*requirements(installed(PROJECT), extra)]
    if not waiting:
        raise Unpackable(f"{PROJECT} has no extra {extra}, and so nobody knows what the function needs")
    found: dict[str, Distribution] = {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = installed(name)
            waiting += requirements(found[name], "")
    return found


def installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise Unpackable(f"the package {name} is not installed, and a function needs it: run `make up` once") from error


def requirements(of: Distribution, extra: str) -> Iterator[str]:
    """Names of what it needs for the extra; for none, of what it always needs."""
    for line in of.requires or ():
        found = REQUIREMENT.match(line)
        marker = EXTRA.search(found["marker"] or "") if found else None
        if found and (marker["name"] if marker else "") == extra:
            yield found["name"].lower()


def files_in(package: Distribution) -> Iterator[tuple[str, Path]]:
    """Path and file of its modules and their data. Raises Unpackable for a package of compiled modules alone."""
    kept = [listed for listed in package.files or () if is_packed(PurePosixPath(listed.as_posix()))]
    if not any(listed.suffix == ".py" for listed in kept):
        raise Unpackable(f"the package {package.name} has no Python sources, and a function runs on another processor")
    for listed in kept:
        yield listed.as_posix(), Path(str(package.locate_file(listed)))


def is_packed(path: PurePosixPath) -> bool:
    """Neither scripts outside of the packages, nor what is about the package, nor its own tests."""
    is_outside = ".." in path.parts or path.parts[0].endswith((".dist-info", ".data"))
    is_test = path.name.startswith("test_") or "tests" in path.parts[:-1]
    return not (is_outside or is_test or "__pycache__" in path.parts or path.suffix in NEVER_PACKED)
