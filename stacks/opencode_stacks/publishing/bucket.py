"""The bucket of releases: nothing in it is overwritten that somebody else has written meanwhile.

Source: Amazon S3 user guide, "Add preconditions to S3 operations with conditional requests" and "Checking object
integrity" (read 2026-11-21).
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from opencode_stacks.publishing.manifest import NUMBERS, Artifact
from opencode_stacks.publishing.refusal import NotPublished

RELEASES = "releases/"
MANIFEST = f"{RELEASES}manifest.json"
ARCHIVE = f"{RELEASES}latest/opencode-installer.zip"
GONE = {"NoSuchKey", "404"}
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
"""What S3 answers when the condition of a write is not met, or is just being decided for somebody else."""
CONTENT_TYPES: Mapping[str, str] = {"json": "application/json", "zip": "application/zip"}
OTHER_CONTENT = "application/octet-stream"


class PublishedMeanwhile(NotPublished):
    """Somebody else was faster."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"somebody else has published meanwhile ({key} has changed): what they published stands; "
            "run this again to publish on top of it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An object that is there."""

    body: bytes
    etag: str


class ReleaseBucket:
    """Raises botocore's ClientError where S3 refuses."""

    def __init__(self, s3: Any, name: str) -> None:
        self._s3, self.name = s3, name

    def manifest(self) -> Held | None:
        try:
            found = self._s3.get_object(Bucket=self.name, Key=MANIFEST)
        except ClientError as error:
            if code(error) in GONE:
                return None
            raise
        return Held(body=found["Body"].read(), etag=found["ETag"])

    def etag(self, key: str) -> str | None:
        found = self._head(key)
        return str(found["ETag"]) if found else None

    def add(self, version: str, artifact: Artifact, file: Path) -> bool:
        """False when it is there already, byte for byte. Raises NotPublished when other bytes are."""
        key = key_of(version, artifact.name)
        digest = b64encode(bytes.fromhex(artifact.sha256)).decode()
        if not self._head(key):
            try:
                self._put(key, file.read_bytes(), IfNoneMatch="*", ChecksumAlgorithm="SHA256", ChecksumSHA256=digest)
            except ClientError as error:
                if code(error) not in TAKEN:
                    raise
            else:
                return True
        there = self._head(key) or {}
        if there.get("ChecksumSHA256") != digest:
            raise NotPublished(
                f"{key} is there already with other bytes, perhaps of a publication that did not finish: "
                f"raise VERSION in the client's version.py, or remove it from the bucket {self.name}"
            )
        return False

    def replace(self, key: str, body: bytes, *, etag: str | None) -> None:
        """Of an object that was there with `etag`, or was not (None). Raises PublishedMeanwhile."""
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            self._put(key, body, ChecksumAlgorithm="SHA256", **condition)
        except ClientError as error:
            if code(error) in TAKEN:
                raise PublishedMeanwhile(key) from error
            raise

    def versions(self) -> list[str]:
        """Those of which anything is there."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=RELEASES, Delimiter="/")
        folders = (found["Prefix"] for page in pages for found in page.get("CommonPrefixes", ()))
        names = (folder.removeprefix(RELEASES).rstrip("/") for folder in folders)
        return [name for name in names if NUMBERS.fullmatch(name)]

    def remove(self, version: str) -> None:
        for key in self._keys(f"{RELEASES}{version}/"):
            self._s3.delete_object(Bucket=self.name, Key=key)

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return (str(found["Key"]) for page in pages for found in page.get("Contents", ()))

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            return dict(self._s3.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED"))
        except ClientError as error:
            if code(error) in GONE:
                return None
            raise

    def _put(self, key: str, body: bytes, **more: Any) -> None:
        kind = CONTENT_TYPES.get(key.rpartition(".")[2], OTHER_CONTENT)
        self._s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType=kind, **more)


def key_of(version: str, name: str) -> str:
    return f"{RELEASES}{version}/{name}"


def code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
