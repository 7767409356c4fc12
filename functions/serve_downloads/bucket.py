"""The bucket of releases and links."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from serve_downloads.problems import StorageUnavailable

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 2
ATTEMPTS = 2
"""So that people get an answer before the function's own time is up."""
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
            found = self._client.get_object(Bucket=self._name, Key=key)
            with found["Body"] as body:
                return bytes(body.read(at_most_bytes))
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return None
            raise StorageUnavailable(error.response["Error"]["Code"]) from error
        except (BotoCoreError, OSError) as error:
            raise StorageUnavailable(type(error).__name__) from error

    def write(self, key: str, content: bytes) -> None:
        try:
            self._client.put_object(Bucket=self._name, Key=key, Body=content, ContentType="application/json")
        except ClientError as error:
            raise StorageUnavailable(error.response["Error"]["Code"]) from error
        except (BotoCoreError, OSError) as error:
            raise StorageUnavailable(type(error).__name__) from error

    def presigned_url(self, key: str) -> str:
        """From which the object can be saved as a file of its own name, for 300 s."""
        name = key.rpartition("/")[2]
        wanted = {"Bucket": self._name, "Key": key, "ResponseContentDisposition": f'attachment; filename="{name}"'}
        return str(self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=URL_LIFE_S))


def s3_client(environment: Mapping[str, str]) -> Any:
    """One of the function's own region and role; with AWS_ENDPOINT_URL one of that endpoint.

    Virtual addressing has to be asked for: else presigned URLs name the global host, which newer regions refuse.
    Source: boto3 guide, "Presigned URLs", and github.com/boto/boto3/pull/4768 (read 2026-11-21).
    """
    endpoint = environment.get("AWS_ENDPOINT_URL")
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if endpoint else "virtual"},
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return boto3.client("s3", region_name=environment["AWS_REGION"], endpoint_url=endpoint, config=config)
