"""The installers: a head that says what to install and from where, then a script that is the same for everyone."""

import shlex
from collections.abc import Callable
from pathlib import Path

from serve_downloads.manifest import Manifest

FOLDER = Path(__file__).parent / "installers"
POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"
"""Each ends a single-quoted string, and stands for itself when doubled.

Source: about_Quoting_Rules, and the PowerShell language specification, 2.3.5.2 (read 2026-11-21).
"""


def posix_installer(manifest: Manifest, gateway_url: str, base_url: str) -> str:
    head = (f"{name}={shlex.quote(value)}\n" for name, value in parameters(manifest, gateway_url, base_url).items())
    return "".join(head) + POSIX_BODY


def powershell_installer(manifest: Manifest, gateway_url: str, base_url: str) -> str:
    values = parameters(manifest, gateway_url, base_url)
    head = (f"${name} = {powershell_quoted(value)}\n" for name, value in values.items())
    return "".join(head) + POWERSHELL_BODY


def parameters(manifest: Manifest, gateway_url: str, base_url: str) -> dict[str, str]:
    """SUMS has a line per artifact, as `sha256sum` prints them."""
    sums = (f"{artifact.sha256}  {artifact.name}" for artifact in manifest.artifacts.values())
    return {"GATEWAY": gateway_url, "VERSION": manifest.version, "BASE": base_url, "SUMS": "\n".join(sums)}


def powershell_quoted(text: str) -> str:
    doubled = (character * 2 if character in POWERSHELL_QUOTES else character for character in text)
    return f"'{''.join(doubled)}'"


POSIX_BODY, POWERSHELL_BODY = ((FOLDER / name).read_text(encoding="utf-8") for name in ("install.sh", "install.ps1"))
INSTALLERS: dict[str, Callable[[Manifest, str, str], str]] = {"": posix_installer, ".ps1": powershell_installer}
"""By what follows the code in the address."""
