"""Asking the identity provider for its keys.

Source: OpenID Connect Discovery 1.0, sections 3 and 4 (read 2026-11-21).
"""

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout
from msgspec import Struct

from opencode_router.identity.jwk import VerificationKey, verification_keys
from opencode_router.identity.safe_url import required_safe

MAX_DOCUMENT_BYTES = 256 * 1024
TIMEOUT = ClientTimeout(total=5)
DISCOVERY_PATH = "/.well-known/openid-configuration"


class IssuerFailed(Exception):
    """The issuer's documents could not be had, or are not what they must be."""


class Discovery(Struct, frozen=True):
    issuer: str
    jwks_uri: str


class Issuer:
    """Finds and fetches the key set. `jwks_url` is for issuers without a discovery document.

    Raises ValueError when a URL is neither https nor on loopback: whoever sits between could be anyone.
    """

    def __init__(self, session: ClientSession, *, issuer: str, jwks_url: str | None = None) -> None:
        self._session = session
        self._issuer = required_safe(issuer)
        self._given_jwks_url = jwks_url and required_safe(jwks_url)
        self._jwks_url = self._given_jwks_url

    async def keys(self) -> tuple[VerificationKey, ...]:
        """Never empty. Raises IssuerFailed."""
        try:
            self._jwks_url = self._jwks_url or await self._discovered_jwks_url()
            return verification_keys(await self._document(self._jwks_url))
        except (ClientError, TimeoutError, ValueError, RecursionError) as error:
            self._jwks_url = self._given_jwks_url  # the keys may have moved: discover them anew
            raise IssuerFailed(f"{type(error).__name__}: {error}") from error

    async def _discovered_jwks_url(self) -> str:
        document = await self._document(self._issuer.rstrip("/") + DISCOVERY_PATH)
        discovery = msgspec.json.decode(document, type=Discovery)
        if discovery.issuer != self._issuer:
            raise ValueError(f"the discovery document is of {discovery.issuer!r}, not of {self._issuer!r}")
        return required_safe(discovery.jwks_uri)

    async def _document(self, url: str) -> bytes:
        """The body, at most MAX_DOCUMENT_BYTES once decompressed."""
        headers = {"Accept": "application/json"}
        async with self._session.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"GET {url} gave status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_DOCUMENT_BYTES:
                    raise ValueError(f"GET {url} gave more than {MAX_DOCUMENT_BYTES} bytes")
            return bytes(body)
