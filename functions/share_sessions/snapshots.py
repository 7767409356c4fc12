"""Folded states of shares in the bucket, each an object that never changes.

`snapshots/<share>/<sequence>.jsonl.gz` is a line of {"key", "version", "item"} for each item, in gzip, so that no more
than one of them is ever parsed at once; with `.data.json.gz` it is the array of items that OpenCode imports.
"""

import gzip
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from served_site.aws_clients import storage_errors
from served_site.problems import StorageUnavailable
from share_sessions.folding import State, Versioned, entry_lines, items_json
from share_sessions.items import canonical, decoded, encoded

PREFIX = "snapshots/"
FOLDED, EXPORT = ".jsonl.gz", ".data.json.gz"
SEQUENCE_DIGITS = 12
URL_LIFE_S = 300
COMPRESSION = 6
DAY_S = 24 * 60 * 60
KEPT_TAG = "kept-days"
KEPT_DAYS = (1, 2, 4, 8, 16, 32, 64, 90)
"""After which the bucket's rules take away what has the tag."""
DELETES = 1_000
"""Source: Amazon S3 API reference, DeleteObjects (read 2026-11-21)."""
ABSENT = frozenset({"NoSuchKey", "AccessDenied", "404", "403"})
"""Without the right to list objects S3 does not tell whether one is there; a HEAD has no more than the status.

Source: Amazon S3 API reference, GetObject and HeadObject, "Permissions" (read 2026-11-21).
"""


class Snapshots:
    """Raises StorageUnavailable whenever S3 refuses or does not answer."""

    def __init__(self, client: Any, bucket: str) -> None:
        """`client` is boto3's of S3."""
        self._client, self._bucket = client, bucket

    def read(self, share_id: str, sequence: int) -> State | None:
        """None where there is none."""
        try:
            with storage_errors():
                found = self._client.get_object(Bucket=self._bucket, Key=name(share_id, sequence))
                with found["Body"] as body:
                    packed = body.read()
        except StorageUnavailable as error:
            if str(error) in ABSENT:
                return None
            raise
        with gzip.open(BytesIO(packed)) as lines:
            return dict(map(entry_of, lines))

    def write(self, share_id: str, sequence: int, state: State, *, life_s: float) -> str | None:
        """The object's version; None in a bucket that keeps none. `life_s` is what the share still has."""
        return self._put(name(share_id, sequence), entry_lines(state), life_s, ContentType="application/gzip")

    def take_back(self, share_id: str, sequence: int, version_id: str | None) -> None:
        """What was written in vain; another's object of that name stays as it is."""
        if version_id is not None:
            with storage_errors():
                self._client.delete_object(Bucket=self._bucket, Key=name(share_id, sequence), VersionId=version_id)

    def exported(self, share_id: str, sequence: int, state: State) -> str:
        """The address, for 300 s, of the items as OpenCode imports them; whoever fetches it unpacks it unawares."""
        key = name(share_id, sequence, EXPORT)
        self._put(key, items_json(state), URL_LIFE_S, ContentType="application/json", ContentEncoding="gzip")
        return self._address(key)

    def export(self, share_id: str, sequence: int) -> str | None:
        """The address for 300 s of what is already there, else None."""
        key = name(share_id, sequence, EXPORT)
        try:
            with storage_errors():
                self._client.head_object(Bucket=self._bucket, Key=key)
        except StorageUnavailable as error:
            if str(error) in ABSENT:
                return None
            raise
        return self._address(key)

    def forget_exports(self, share_id: str) -> None:
        """Addresses that were given out lead nowhere then."""
        self._delete(version for version in self._versions(share_id) if version["Key"].endswith(EXPORT))

    def forget(self, share_id: str, *, below: int | None = None) -> None:
        """All versions of all objects of the share, or of those before a sequence number."""
        every = self._versions(share_id)
        self._delete(version for version in every if below is None or sequence_of(version["Key"]) < below)

    def _delete(self, versions: Iterable[dict[str, str]]) -> None:
        found = [*versions]
        for start in range(0, len(found), DELETES):
            wanted = {"Objects": found[start : start + DELETES], "Quiet": True}
            with storage_errors():
                answer = self._client.delete_objects(Bucket=self._bucket, Delete=wanted)
            if answer.get("Errors"):
                raise StorageUnavailable(answer["Errors"][0].get("Code", "an object is left"))

    def _address(self, key: str) -> str:
        wanted = {"Bucket": self._bucket, "Key": key}
        return str(self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=URL_LIFE_S))

    def _put(self, key: str, text: str, life_s: float, **about: str) -> str | None:
        packed, tag = gzip.compress(encoded(text), COMPRESSION, mtime=0), f"{KEPT_TAG}={kept_days(life_s)}"
        with storage_errors():
            made = self._client.put_object(Bucket=self._bucket, Key=key, Body=packed, Tagging=tag, **about)
        version_id: str | None = made.get("VersionId")
        return version_id

    def _versions(self, share_id: str) -> Iterator[dict[str, str]]:
        with storage_errors():
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=f"{PREFIX}{share_id}/"
            )
            for page in pages:
                for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    yield {"Key": version["Key"], "VersionId": version["VersionId"]}


def entry_of(line: bytes) -> tuple[str, Versioned]:
    entry = decoded(line)
    return entry["key"], Versioned(version=entry["version"], text=canonical(entry["item"]))


def kept_days(life_s: float) -> int:
    return next((days for days in KEPT_DAYS if days * DAY_S >= life_s), KEPT_DAYS[-1])


def name(share_id: str, sequence: int, ending: str = FOLDED) -> str:
    return f"{PREFIX}{share_id}/{sequence:0{SEQUENCE_DIGITS}d}{ending}"


def sequence_of(key: str) -> int:
    return int(key.rpartition("/")[2].partition(".")[0])
