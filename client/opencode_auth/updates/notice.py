"""One line about a newer version, from the last check; a command never waits for it.

OPENCODE_AUTH_NO_UPDATE_CHECK=1 does without the line and without checks in the background.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from opencode_auth import clock, gateway, output
from opencode_auth.errors import ClientError
from opencode_auth.files import read_state, write_json
from opencode_auth.paths import cache_folder
from opencode_auth.version import VERSION, numbers

if TYPE_CHECKING:
    from opencode_auth.updates.manifest import Manifest

OFF_VARIABLE = "OPENCODE_AUTH_NO_UPDATE_CHECK"
GOOD_FOR_S = 24 * 3600.0
MOST_MESSAGE_CHARACTERS = 160
"""What fits a line or two of a terminal; `update --check` shows all of it."""


def is_off() -> bool:
    return os.environ.get(OFF_VARIABLE, "") not in {"", "0"}


def file() -> Path:
    return cache_folder() / "latest-release.json"


def remember(api_url: str, found: "Manifest") -> None:
    document = {
        "api_url": api_url,
        "checked_s": clock.now_s(),
        "version": found.version,
        "minimum": found.minimum,
        "critical": found.is_critical,
        "message": found.message,
    }
    write_json(file(), document)


def is_due(api_url: str) -> bool:
    """Whether a day has passed since the last check of that gateway; a clock that was set back makes it due."""
    match read_state(file()):
        case {"api_url": str(of), "checked_s": int() | float() as checked_s}:
            return of != api_url or not 0 <= clock.now_s() - checked_s < GOOD_FOR_S
    return True


def show() -> None:
    """To the person, where there is something to say; whatever is wrong with it stops no command."""
    with suppress(ClientError, OSError):
        if not is_off() and (text := line(gateway.saved().api_url)):
            output.say(text)


def line(api_url: str) -> str | None:
    """None without a check of the last day, and where this is the latest version."""
    if is_due(api_url):
        return None
    match read_state(file()):
        case {"version": str(version), "minimum": minimum, "critical": critical, "message": str(message)}:
            return worded(version, minimum, message, is_critical=critical is True)
    return None


def worded(version: str, minimum: object, message: str, *, is_critical: bool) -> str | None:
    if is_below(minimum):
        what = f"opencode-auth {minimum} or newer is required, this is {VERSION}"
    elif is_below(version):
        what = f"opencode-auth {version} is there{', a critical update' if is_critical else ''}, this is {VERSION}"
    else:
        return None
    text = " ".join(output.printable(message).split())
    short = text if len(text) <= MOST_MESSAGE_CHARACTERS else f"{text[:MOST_MESSAGE_CHARACTERS].rstrip()}..."
    return output.printable(f"{what}: opencode-auth update{f' ({short})' if short else ''}")


def is_below(version: object) -> bool:
    """Whether this program is."""
    return isinstance(version, str) and numbers(VERSION) < numbers(version)
