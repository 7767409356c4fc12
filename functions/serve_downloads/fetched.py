"""Small documents from the few addresses that the environment names."""

from collections.abc import Callable
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import urlopen

TIMEOUT_S = 3
Fetch = Callable[[str, int], bytes]
"""`fetched`, or what stands in for it."""


class Unreachable(Exception):
    """No answer, or none that is 200; the text says which."""


class Absent(Unreachable):
    """The host answers that there is no such document."""


def fetched(url: str, at_most_bytes: int) -> bytes:
    """The document's first bytes. Raises Unreachable."""
    try:
        with urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310  settings allow http and https alone
            return bytes(answer.read(at_most_bytes))
    except HTTPError as error:
        with error:
            kind = Absent if error.code in {403, 404} else Unreachable
            raise kind(f"status {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(type(error).__name__) from error
