"""How this program was put on this machine, which decides how it is replaced."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from opencode_auth.packed import is_packed
from opencode_auth.updates import layout

UV_MARK = "uv-receipt.toml"
"""What uv leaves in the environment of a tool. Source: docs.rs/uv-tool, `ToolReceipt` (read 2026-11-21)."""
PIPX_MARK = "pipx_metadata.json"
"""What pipx leaves there. Source: pipx, `pipx_metadata_file.py` (read 2026-11-21)."""


class Kind(Enum):
    """Who looks after the files."""

    EXECUTABLE = "executable"
    """We do: a single file in our layout."""
    ENVIRONMENT = "environment"
    """We do: a virtual environment in our layout."""
    UV = "uv"
    PIPX = "pipx"
    LOOSE = "loose executable"
    """A single file that a person put somewhere."""
    CHECKOUT = "checkout"
    PIP = "pip"


@dataclass(frozen=True, kw_only=True)
class Installation:
    """`place` is the program's file, or the environment's folder."""

    kind: Kind
    place: Path

    @property
    def is_own(self) -> bool:
        """In the layout that `install` makes."""
        return self.kind in {Kind.EXECUTABLE, Kind.ENVIRONMENT}

    @property
    def artifact_kind(self) -> str:
        return "executable" if self.kind in {Kind.EXECUTABLE, Kind.LOOSE} else "wheel"


def here() -> Installation:
    """Of the running program."""
    if is_packed():
        file = Path(sys.executable).resolve()
        return Installation(kind=Kind.EXECUTABLE if layout.is_inside(file) else Kind.LOOSE, place=file)
    folder = Path(sys.prefix).resolve()
    return Installation(kind=next(kind for kind, is_so in SIGNS if is_so(folder)), place=folder)


def is_editable() -> bool:
    """By the installer's own note, PEP 610. Modules that nothing installed count, too."""
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415  start-up

    try:
        note = json.loads(distribution("opencode-auth").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return True
    return bool(note.get("dir_info", {}).get("editable"))


SIGNS: tuple[tuple[Kind, Callable[[Path], bool]], ...] = (
    (Kind.ENVIRONMENT, layout.is_inside),
    (Kind.UV, lambda folder: (folder / UV_MARK).exists()),
    (Kind.PIPX, lambda folder: (folder / PIPX_MARK).exists()),
    (Kind.CHECKOUT, lambda _folder: is_editable()),
    (Kind.PIP, lambda _folder: True),
)
"""The first that holds for the environment's folder."""
