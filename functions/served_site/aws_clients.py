"""Clients of AWS that give up before the function's own time is up."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from served_site.problems import StorageUnavailable

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 2
ATTEMPTS = 2


def s3_client(environment: Mapping[str, str]) -> Any:
    """One of the function's own region and role; with AWS_ENDPOINT_URL one of that endpoint.

    Virtual addressing has to be asked for: else presigned URLs name the global host, which newer regions refuse.
    Source: boto3 guide, "Presigned URLs", and github.com/boto/boto3/pull/4768 (read 2026-11-21).
    """
    addressing = "path" if environment.get("AWS_ENDPOINT_URL") else "virtual"
    return client("s3", environment, signature_version="s3v4", s3={"addressing_style": addressing})


def client(service: str, environment: Mapping[str, str], **options: Any) -> Any:
    """With more options of botocore's Config."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        **options,
    )
    endpoint = environment.get("AWS_ENDPOINT_URL")
    return boto3.client(service, region_name=environment["AWS_REGION"], endpoint_url=endpoint, config=config)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Raises StorageUnavailable for whatever AWS refuses or does not answer inside."""
    try:
        yield
    except ClientError as error:
        raise StorageUnavailable(error.response["Error"]["Code"]) from error
    except (BotoCoreError, OSError) as error:
        raise StorageUnavailable(type(error).__name__) from error
