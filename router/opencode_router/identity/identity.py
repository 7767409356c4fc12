"""Who sends a request."""

import asyncio

from aiohttp import web

from opencode_router.errors import Forbidden
from opencode_router.identity.api_keys import ApiKeys
from opencode_router.identity.caller import Caller
from opencode_router.identity.client_version import Version, require_current
from opencode_router.identity.credentials import ApiKey, Headers, credential
from opencode_router.identity.tokens import TokenVerifier


class Identity:
    """Every request is verified here, whatever a load balancer in front has already verified.

    Versions of our own client below `minimum_client` are told to update, but only once it is known who asks.
    """

    def __init__(self, *, tokens: TokenVerifier, keys: ApiKeys, minimum_client: Version | None = None) -> None:
        self.keys = keys
        self._tokens = tokens
        self._minimum_client = minimum_client

    async def identify(self, headers: Headers) -> Caller:
        """The verified sender. Raises what `verify` raises, or ClientTooOld."""
        return self._admitted(await self.verify(headers), headers)

    async def verify(self, headers: Headers) -> Caller:
        """The verified sender, whatever its version: an old client must be able to fetch the new one.

        Raises Unauthenticated (missing_credentials, conflicting_credentials, invalid_token, expired_token,
        invalid_api_key, revoked_api_key, expired_api_key), or Unavailable when what is needed to verify cannot be
        reached.
        """
        given = credential(headers)
        verified = self.keys.caller if isinstance(given, ApiKey) else self._tokens.caller
        return await verified(given.text)

    async def identify_person(self, headers: Headers) -> Caller:
        """As `identify`, but only a JWT will do; raises Forbidden for an API key."""
        given = credential(headers)
        if isinstance(given, ApiKey):
            raise Forbidden(
                "API keys cannot manage API keys; sign in and send your token as Authorization: Bearer ...",
                code="jwt_required",
            )
        return self._admitted(await self._tokens.caller(given.text), headers)

    def _admitted(self, caller: Caller, headers: Headers) -> Caller:
        if self._minimum_client:
            require_current(headers, self._minimum_client)
        return caller

    async def check_jwks(self) -> None:
        """Raises Unavailable when the issuer's keys are not known."""
        await self._tokens.ready()

    async def check_key_table(self) -> None:
        """Raises Unavailable when the table of API keys does not answer."""
        await self.keys.ready()

    async def close(self) -> None:
        await asyncio.gather(self._tokens.close(), self.keys.close())


IDENTITY = web.AppKey("identity", Identity)
