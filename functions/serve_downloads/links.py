"""Codes in the lines that people copy: whoever has one may fetch the installer and its files for 15 minutes.

A code is 160 random bits in base32. The bucket knows only its SHA-256, so that who reads the bucket has no code, and a
code is found by its hash, so that no comparison takes a time that tells anything of it.
"""

import hashlib
import json
import re
import secrets
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass

from serve_downloads.bucket import Bucket
from serve_downloads.problems import ExpiredLink, UnknownLink

CODE = re.compile(r"[a-z2-7]{32}")
CODE_BYTES = 20
LIFE_S = 15 * 60
MAX_LINK_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Link:
    code: str
    ends_s: int
    """Since the epoch."""


class Links:
    def __init__(self, bucket: Bucket, clock: Callable[[], float]) -> None:
        self._bucket, self._clock = bucket, clock

    def mint(self, person: str) -> Link:
        """For the person of this subject. Raises StorageUnavailable."""
        link = Link(
            code=b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower(), ends_s=int(self._clock()) + LIFE_S
        )
        self._bucket.write(key(link.code), json.dumps({"person": person, "ends_s": link.ends_s}).encode())
        return link

    def redeem(self, code: str) -> None:
        """Raises UnknownLink, which asks nobody when it cannot be a code, ExpiredLink or StorageUnavailable."""
        if not CODE.fullmatch(code):
            raise UnknownLink
        found = self._bucket.read(key(code), at_most_bytes=MAX_LINK_BYTES)
        if found is None:
            raise UnknownLink
        if self._clock() >= ends_s(found):
            raise ExpiredLink


def key(code: str) -> str:
    return f"links/{hashlib.sha256(code.encode()).hexdigest()}"


def ends_s(stored: bytes) -> int:
    """Raises UnknownLink for what `mint` has not written."""
    try:
        return int(json.loads(stored)["ends_s"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnknownLink from error
