"""The bucket of releases and links."""

from typing import Any

from served_site.aws_clients import storage_errors
from served_site.problems import StorageUnavailable

URL_LIFE_S = 300
ABSENT = frozenset({"NoSuchKey", "AccessDenied"})
"""The functions may not list the bucket, so S3 tells them no more than that they may not read what is not there.

Source: Amazon S3 API reference, GetObject, "Permissions" (read 2026-11-21).
"""


class Bucket:
    """Raises StorageUnavailable whenever S3 refuses or does not answer."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def read(self, key: str, *, at_most_bytes: int) -> bytes | None:
        """The object's first bytes, None where there is none."""
        try:
            with storage_errors():
                return self._content(key, at_most_bytes)
        except StorageUnavailable as error:
            if str(error) in ABSENT:
                return None
            raise

    def write(self, key: str, content: bytes) -> None:
        with storage_errors():
            self._client.put_object(Bucket=self._name, Key=key, Body=content, ContentType="application/json")

    def presigned_url(self, key: str) -> str:
        """From which the object can be saved as a file of its own name, for 300 s."""
        name = key.rpartition("/")[2]
        wanted = {"Bucket": self._name, "Key": key, "ResponseContentDisposition": f'attachment; filename="{name}"'}
        return str(self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=URL_LIFE_S))

    def _content(self, key: str, at_most_bytes: int) -> bytes:
        found = self._client.get_object(Bucket=self._name, Key=key)
        with found["Body"] as body:
            return bytes(body.read(at_most_bytes))
