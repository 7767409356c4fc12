"""One archive with everything, for clients of the gateway that this one succeeds: they run the `install.sh` in it."""

import io
import shlex
import zipfile
from collections.abc import Sequence

from opencode_stacks.environment import ROOT
from opencode_stacks.publishing.artifacts import Built

INSTALLER = ROOT / "functions/serve_downloads/installers/install.sh"
SCRIPT = "install.sh"
FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that the format knows, for all members: the same release makes the same bytes."""
EXECUTABLE_MODE = 0o100755 << 16


def archive(files: Sequence[Built], version: str, gateway_url: str) -> bytes:
    """Of an installer and what it installs, beside each other."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as members:
        members.writestr(member(SCRIPT), installer(files, version, gateway_url))
        for one in files:
            members.writestr(member(one.artifact.name), one.file.read_bytes())
    return written.getvalue()


def member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, FIRST_DATE)
    info.external_attr = EXECUTABLE_MODE
    return info


def installer(files: Sequence[Built], version: str, gateway_url: str) -> str:
    """The download host's own script; its artifacts are not fetched, they lie in the folder that it is run from."""
    sums = "\n".join(f"{one.artifact.sha256}  {one.artifact.name}" for one in files)
    return (
        "#!/bin/sh\n"
        f"GATEWAY={shlex.quote(gateway_url)}\n"
        f"VERSION={shlex.quote(version)}\n"
        'BASE=$(CDPATH="" cd -- "$(dirname -- "$0")" && pwd)\n'
        f"SUMS={shlex.quote(sums)}\n"
        f"{INSTALLER.read_text()}"
    )
