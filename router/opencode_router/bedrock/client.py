"""The one place that calls models: URL, credentials, errors, nothing about what is said.

Hosts and paths: Amazon Bedrock user guide, "Endpoints supported by Amazon Bedrock", "Inference using Anthropic
Messages API", "Invoke a model with the OpenAI Chat Completions API", "Responses API" (read 2026-11-21).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import NamedTuple
from urllib.parse import quote

import aiohttp
from yarl import URL

from opencode_router.bedrock.credentials import Signer
from opencode_router.bedrock.failures import http_failure
from opencode_router.catalogue.model import MANTLE_SURFACES, Surface
from opencode_router.errors import UpstreamFailed, UpstreamTimeout

READ_BUFFER_BYTES = 2**18
"""One read takes all that a burst of events has brought, so that it leaves as one write."""
IDLE_CONNECTION_S = 30
"""Shorter than Bedrock's own patience, so that a reused connection is rarely one that it has just closed."""
DNS_CACHE_S = 60
ONE_WRITE_BYTES = 2**20
"""A larger body leaves in parts, so that the event loop never waits for all of it."""
OPERATIONS = {
    Surface.CONVERSE: ("converse", "converse-stream"),
    Surface.INVOKE: ("invoke", "invoke-with-response-stream"),
}
"""Operations on a model, for whole and for streamed answers."""
PATHS = {
    Surface.CHAT: "/openai/v1/chat/completions",
    Surface.MANTLE_CHAT: "/v1/chat/completions",
    Surface.RESPONSES: "/openai/v1/responses",
    Surface.MANTLE_RESPONSES: "/v1/responses",
    Surface.MESSAGES: "/anthropic/v1/messages",
    Surface.MANTLE_MESSAGES: "/anthropic/v1/messages",
}
CREDENTIAL_ERROR_TYPES = ("ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId", "InvalidSignature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to Bedrock."""

    surface: Surface
    model_id: str
    """Bedrock's id of the model or inference profile."""
    body: bytes
    is_streaming: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    """Protocol headers beside content type and credentials: `anthropic-version`, `anthropic-beta`."""


class Target(NamedTuple):
    """Where a call goes."""

    url: URL
    service: str
    """SigV4's name of the service behind it."""


class Bedrock:
    """Calls models over one pooled client."""

    def __init__(
        self, *, region: str, runtime_url: str | None, mantle_url: str | None, signer: Signer, connect_timeout_s: float
    ) -> None:
        self.region = region
        self.runtime_url = runtime_url or f"https://bedrock-runtime.{region}.amazonaws.com"
        self.mantle_url = mantle_url or f"https://bedrock-mantle.{region}.api.aws"
        self.signer = signer
        self._target = cache(self._build_target)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_S, ttl_dns_cache=DNS_CACHE_S),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=READ_BUFFER_BYTES,
        )

    async def close(self) -> None:
        await self.signer.close()
        await self._session.close()

    async def check_credentials(self) -> None:
        """Raises Unavailable when no call could be signed now."""
        await self.signer.headers(service="bedrock", url=self.runtime_url, body=b"")

    def call(self, call: Call) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The successful response to `call`, closed at the end whether or not it was read.

        Refused credentials are renewed once. Raises what `http_failure` makes of an error response, UpstreamTimeout
        when no connection can be had in time, UpstreamFailed when the connection fails.
        """
        target = self._target(surface=call.surface, model_id=call.model_id, is_streaming=call.is_streaming)
        return self._post(target, call)

    def count_tokens(self, call: Call) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Like `call`, for the free count of a prompt: bedrock-mantle's for Messages, CountTokens for the others."""
        if call.surface in OPERATIONS:
            target = self._runtime(f"/model/{quote(call.model_id, safe='')}/count-tokens")
        else:
            target = self._mantle("/anthropic/v1/messages/count_tokens")
        return self._post(target, call)

    @asynccontextmanager
    async def _post(self, target: Target, call: Call) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            response = await self._send(target, call)
            if response.status in (401, 403) and await self._are_credentials_refused(response):
                response.close()
                await self.signer.renew()
                response = await self._send(target, call)
            try:
                if response.status != 200:
                    raise http_failure(response.status, response.headers, await response.read())
                yield response
            finally:
                response.close()
        except aiohttp.ServerTimeoutError as error:
            raise UpstreamTimeout("no connection to Bedrock could be made in time") from error
        except aiohttp.ClientError as error:
            raise UpstreamFailed(f"the connection to Bedrock failed: {type(error).__name__}") from error

    async def _send(self, target: Target, call: Call) -> aiohttp.ClientResponse:
        credentials = await self.signer.headers(service=target.service, url=str(target.url), body=call.body)
        headers = {"Content-Type": "application/json", **call.headers, **credentials}
        body = call.body if len(call.body) <= ONE_WRITE_BYTES else BytesIO(call.body)
        return await self._session.post(target.url, data=body, headers=headers, allow_redirects=False)

    async def _are_credentials_refused(self, response: aiohttp.ClientResponse) -> bool:
        """Whether a 401 or 403 is about the credentials, as opposed to what they permit."""
        if response.status == 401:
            return True
        error_type = response.headers.get("x-amzn-errortype", "")
        return error_type.startswith(CREDENTIAL_ERROR_TYPES) or b"expired" in await response.read()

    def _build_target(self, *, surface: Surface, model_id: str, is_streaming: bool) -> Target:
        if surface in OPERATIONS:
            whole, stream = OPERATIONS[surface]
            return self._runtime(f"/model/{quote(model_id, safe='')}/{stream if is_streaming else whole}")
        return self._mantle(PATHS[surface]) if surface in MANTLE_SURFACES else self._runtime(PATHS[surface])

    def _runtime(self, path: str) -> Target:
        return Target(URL(self.runtime_url + path, encoded=True), "bedrock")

    def _mantle(self, path: str) -> Target:
        return Target(URL(self.mantle_url + path, encoded=True), "bedrock-mantle")
