"""Small documents from the few addresses that the environment names."""

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

TIMEOUT_S = 3
Fetch = Callable[[str, int], bytes]
"""`fetched`, or what stands in for it."""


class Unreachable(Exception):
    """No answer, or none that is 200; the text says which."""

    def __init__(self, text: str, *, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Absent(Unreachable):
    """The host answers that there is no such document."""


class NoRedirects(HTTPRedirectHandler):
    """What is sent is meant for the address that the environment names, and for no other."""

    def redirect_request(self, *_args: Any) -> None:
        return None


OPENER = build_opener(NoRedirects)


def fetched(url: str, at_most_bytes: int, headers: Mapping[str, str] | None = None) -> bytes:
    """The document's first bytes. Raises Unreachable."""
    try:
        asked = Request(url, headers=dict(headers or {}))  # noqa: S310  settings allow http and https alone
        with OPENER.open(asked, timeout=TIMEOUT_S) as answer:
            return bytes(answer.read(at_most_bytes))
    except HTTPError as error:
        with error:
            kind = Absent if error.code in {403, 404} else Unreachable
            raise kind(f"status {error.code}", status=error.code) from error
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(type(error).__name__) from error
