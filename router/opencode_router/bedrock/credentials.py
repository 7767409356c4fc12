"""AWS credentials turned into the headers that Bedrock accepts.

Bearer tokens are AWS's own short-lived Bedrock API keys: a presigned `CallWithBearerToken` request, made locally,
valid for 12 h or as long as the credentials that signed it, whichever ends first.
Source: Amazon Bedrock user guide, "Generate a short-term API key" (read 2026-11-21).
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from aiobotocore.credentials import AioCredentials
from aws_bedrock_token_generator import provide_token
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import CredentialProvider, ReadOnlyCredentials

from opencode_router.errors import Unavailable

log = logging.getLogger(__name__)

REFRESH_EVERY_S = 300
"""botocore renews credentials at the latest 10 minutes before they end, so a token made from them every 5 minutes
always outlives the next one's making."""
RETRY_AFTER_FAILURE_S = 5
LARGE_BODY_BYTES = 2**20
"""Above this a body is hashed in a thread: SHA-256 of 32 MiB takes longer than the event loop may stop."""


class Signer(Protocol):
    """Says which headers make a request to Bedrock an authentic one."""

    async def headers(self, *, service: str, url: str, body: bytes) -> Mapping[str, str]:
        """`service` is SigV4's name of the host's service. Raises Unavailable when there are no AWS credentials."""
        ...

    async def renew(self) -> None:
        """Bedrock has refused the credentials: get new ones before the next call."""
        ...

    async def close(self) -> None: ...


class Given(CredentialProvider):  # type: ignore[misc]  # botocore is not typed
    """Hands credentials that are already at hand to AWS's token generator."""

    def __init__(self, credentials: ReadOnlyCredentials) -> None:
        self._credentials = credentials

    def load(self) -> ReadOnlyCredentials:
        return self._credentials


async def frozen(credentials: AioCredentials | None) -> ReadOnlyCredentials:
    """The credentials of this moment. Raises Unavailable."""
    try:
        if credentials is not None:
            return await credentials.get_frozen_credentials()
    except Exception as error:  # botocore raises many kinds; all mean the same here
        raise Unavailable(f"AWS credentials could not be renewed: {type(error).__name__}") from error
    raise Unavailable("there are no AWS credentials for Bedrock")


class BearerTokens:
    """Keeps one bearer token ready, renewed in the background."""

    def __init__(self, credentials: AioCredentials | None, region: str) -> None:
        self._credentials = credentials
        self._region = region
        self._headers: Mapping[str, str] | None = None
        self._minting = asyncio.Lock()
        self._renewal = asyncio.create_task(self._renew_for_ever())

    async def headers(self, *, service: str, url: str, body: bytes) -> Mapping[str, str]:
        return self._headers or await self._mint(replacing=None)

    async def renew(self) -> None:
        await self._mint(replacing=self._headers)

    async def close(self) -> None:
        self._renewal.cancel()
        await asyncio.gather(self._renewal, return_exceptions=True)

    async def _mint(self, *, replacing: Mapping[str, str] | None) -> Mapping[str, str]:
        """One mint for all who found the same token wanting."""
        async with self._minting:
            if self._headers is None or self._headers is replacing:
                credentials = await frozen(self._credentials)
                token = provide_token(region=self._region, aws_credentials_provider=Given(credentials))
                self._headers = {"Authorization": f"Bearer {token}"}
            return self._headers

    async def _renew_for_ever(self) -> None:
        while True:
            try:
                await self.renew()
                pause_s = REFRESH_EVERY_S
            except Unavailable as error:
                log.warning("no Bedrock token", extra={"reason": error.message})
                pause_s = RETRY_AFTER_FAILURE_S
            await asyncio.sleep(pause_s)


class SigV4:
    """Signs every request over its body."""

    def __init__(self, credentials: AioCredentials | None, region: str) -> None:
        self._credentials = credentials
        self._region = region

    async def headers(self, *, service: str, url: str, body: bytes) -> Mapping[str, str]:
        credentials = await frozen(self._credentials)
        if len(body) > LARGE_BODY_BYTES:
            return await asyncio.to_thread(self._sign, credentials, service, url, body)
        return self._sign(credentials, service, url, body)

    async def renew(self) -> None:
        """Nothing to do: botocore renews credentials that are about to end, and each request is signed anew."""

    async def close(self) -> None:
        """Nothing is open."""

    def _sign(self, credentials: ReadOnlyCredentials, service: str, url: str, body: bytes) -> Mapping[str, str]:
        request = AWSRequest(method="POST", url=url, data=body)
        SigV4Auth(credentials, service, self._region).add_auth(request)
        return dict(request.headers.items())
