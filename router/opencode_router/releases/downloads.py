"""Addresses at which a release can be downloaded for a few minutes, without a credential beside them.

Signed here: nothing is asked of S3, and nothing blocks. Sources: Amazon S3 API reference, "Authenticating Requests:
Using Query Parameters"; AWS re:Post, "Why is my presigned URL for an Amazon S3 bucket expiring before the expiration
time that I specified?" (read 2026-11-21).
"""

from dataclasses import dataclass, field

from aiobotocore.credentials import AioCredentials
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import RefreshableCredentials

from opencode_router.errors import Unavailable

LIVES_S = (300, 60)
"""How long an address is good for: the first that the credentials it is signed with outlive."""
RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Download:
    """A presigned GET."""

    url: str = field(repr=False)
    """As good as a credential while it lives."""
    life_s: int


class Downloads:
    """Signs GETs of a bucket's objects with this process's own credentials; needs `s3:GetObject` on them."""

    def __init__(self, *, bucket_url: str, region: str, credentials: AioCredentials | None) -> None:
        self._bucket_url = bucket_url
        self._region = region
        self._credentials = credentials

    async def download(self, key: str) -> Download:
        """Whether there is such an object is not looked at. Raises Unavailable without credentials."""
        if self._credentials is None:
            raise unavailable("there are none")
        try:
            frozen = await self._credentials.get_frozen_credentials()
        except Exception as error:  # botocore raises many kinds; all mean the same here
            raise unavailable(type(error).__name__) from error
        life_s = next((life_s for life_s in LIVES_S if outlives(self._credentials, life_s)), None)
        if life_s is None:
            raise unavailable("they are about to end")
        request = AWSRequest(
            method="GET",
            url=f"{self._bucket_url}/{key}",
            params={"response-content-disposition": "attachment"},
        )
        S3SigV4QueryAuth(frozen, "s3", self._region, expires=life_s).add_auth(request)
        return Download(str(request.url), life_s)


def outlives(credentials: AioCredentials, life_s: int) -> bool:
    """Credentials without an end outlive everything."""
    return not (isinstance(credentials, RefreshableCredentials) and credentials.refresh_needed(life_s))


def unavailable(reason: str) -> Unavailable:
    return Unavailable(f"no download can be signed without AWS credentials: {reason}", retry_after_s=RETRY_AFTER_S)
