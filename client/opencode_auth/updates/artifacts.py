"""Which file of a release is for this machine."""

import platform
import sys

from opencode_auth.errors import ClientError
from opencode_auth.updates.manifest import Artifact, Manifest

SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
ARM64_SYSTEMS = ("macos", "windows")
"""Those which call it arm64."""


def chosen(release: Manifest, kind: str, here: str) -> Artifact:
    """The wheel, or the executable for a platform. Raises ClientError when the release has none."""
    wanted = (kind, "any" if kind == "wheel" else here)
    for artifact in release.artifacts:
        if (artifact.kind, artifact.platform) == wanted:
            return artifact
    what = "wheel" if kind == "wheel" else f"program for {here}"
    raise ClientError(f"release {release.version} has no {what}", hint="tell whoever runs the gateway")


def this_platform(system: str = sys.platform, machine: str | None = None) -> str:
    """Such as `linux-x86_64`, `macos-arm64`, `windows-arm64`, of `sys.platform` and `platform.machine()`."""
    of = SYSTEMS.get(system, system)
    architecture = (machine or platform.machine()).lower()
    known = MACHINES.get(architecture, architecture)
    return f"{of}-{'arm64' if known == 'aarch64' and of in ARM64_SYSTEMS else known}"
