"""Which version of the client this is, and how it says so to servers."""

import re

from opencode_auth.errors import ClientError

VERSION = "0.1.0"
USER_AGENT = f"opencode-auth/{VERSION}"
NUMBERS = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")


def numbers(version: str) -> tuple[int, ...]:
    """`(1, 2, 3)` of `1.2.3`; what comes after does not count. Empty for anything else, which is below everything."""
    found = NUMBERS.match(version)
    return tuple(map(int, found.groups())) if found else ()


def check(minimum: str | None, downloads_url: str | None = None) -> None:
    """Raises ClientError when the gateway wants a newer client; the hint is for a machine that is not set up yet."""
    if minimum and numbers(VERSION) < numbers(minimum):
        hint = f"install the latest from {downloads_url}" if downloads_url else "install the latest"
        raise ClientError(f"the gateway needs opencode-auth {minimum} or newer; this is {VERSION}", hint=hint)
