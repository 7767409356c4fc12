"""The current release, from memory where it is at most 60 s old."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serve_downloads.bucket import Bucket
from serve_downloads.envelope import verified_payload
from serve_downloads.manifest import Manifest, manifest
from serve_downloads.problems import NothingPublished
from served_site.problems import Problem, StorageUnavailable

KEY = "releases/manifest.json"
MAX_ENVELOPE_BYTES = 256 * 1024
"""A manifest has a few kilobytes; a load balancer takes 1 MB from a function."""
LIFE_S = 60.0
FAILURE_LIFE_S = 5.0
"""A bucket that does not answer is not asked again by every visitor."""


@dataclass(frozen=True, kw_only=True)
class Release:
    envelope: bytes
    etag: str
    """In quotes, as in the header."""
    manifest: Manifest


class Releases:
    """Whatever was found is kept, be it a release or the reason why there is none."""

    def __init__(self, bucket: Bucket, keys: Sequence[bytes], clock: Callable[[], float]) -> None:
        self._bucket, self._keys, self._clock = bucket, keys, clock
        self._found: Release | Problem = NothingPublished()
        self._ends_s = 0.0

    def current(self) -> Release:
        """Raises NothingPublished, UntrustedRelease or StorageUnavailable."""
        if self._clock() >= self._ends_s:
            self._found = self._read()
            life_s = FAILURE_LIFE_S if isinstance(self._found, StorageUnavailable) else LIFE_S
            self._ends_s = self._clock() + life_s
        if isinstance(self._found, Problem):
            raise self._found.with_traceback(None)
        return self._found

    def _read(self) -> Release | Problem:
        try:
            envelope = self._bucket.read(KEY, at_most_bytes=MAX_ENVELOPE_BYTES)
            if envelope is None:
                return NothingPublished()
            read = manifest(verified_payload(envelope, self._keys))
        except Problem as problem:
            return problem
        return Release(envelope=envelope, etag=f'"{hashlib.sha256(envelope).hexdigest()}"', manifest=read)
