"""The person's browser, opened once for a sign-in."""

import os
import sys
import webbrowser
from collections.abc import Mapping

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
REMOTE = ("SSH_CONNECTION", "SSH_TTY")


def open_page(url: str) -> bool:
    """Whether a browser took the address, which is not interpreted by any shell."""
    if not is_likely(sys.platform, os.environ):
        return False
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def is_likely(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether a browser here would be seen by the person: not over SSH, and on Linux only with a screen.

    Without a screen Python would start a browser of the terminal (webbrowser, read 2026-11-21).
    """
    if environment.get("BROWSER"):
        return True
    if any(environment.get(name) for name in REMOTE):
        return False
    return platform in {"win32", "darwin"} or any(environment.get(name) for name in DISPLAYS)
