"""Which version of the command line tool `opencode-auth` sends a request, and whether it is still answered."""

import re
from typing import NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

from opencode_router.errors import ClientTooOld

PRODUCT = re.compile(r"(?:^|\s)opencode-auth/(\S+)")
"""Anywhere in `User-Agent`: the tool's proxy leaves the product of the program behind it in front of its own."""
OLD_HEADER = "X-Client-Version"
"""Told by clients of the sample gateway that this one takes the place of; one built without a version says `dev`."""
EXACT = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", re.ASCII)
CLAIMED = re.compile(rf"v?{EXACT.pattern}(?:(?:[-+]|\.?[a-z])[\w.+-]*)?", re.ASCII | re.IGNORECASE)
"""What follows the three numbers, as in 1.4.0-rc.1 or 1.4.0.dev3, does not count."""


class Version(NamedTuple):
    """Compared number by number."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def version(text: str) -> Version:
    """Of a setting. Raises ValueError unless it is three numbers."""
    if not (found := EXACT.fullmatch(text)):
        raise ValueError("must be three numbers, x.y.z")
    return Version(*map(int, found.groups()))


def claimed_version(headers: CIMultiDict[str] | CIMultiDictProxy[str]) -> Version | None:
    """What the tool says it is; None of other clients and of versions that cannot be read."""
    product = PRODUCT.search(headers.get("User-Agent", ""))
    text = product[1] if product else headers.get(OLD_HEADER, "")
    found = CLAIMED.fullmatch(text.strip())
    return Version(*map(int, found.groups())) if found else None


def require_current(headers: CIMultiDict[str] | CIMultiDictProxy[str], minimum: Version) -> None:
    """Raises ClientTooOld when the request is from our own tool, in a version below `minimum`."""
    claimed = claimed_version(headers)
    if claimed is not None and claimed < minimum:
        raise ClientTooOld(version=str(claimed), minimum=str(minimum))
