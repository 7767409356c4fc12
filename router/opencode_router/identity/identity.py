"""Who sends a request."""

import asyncio

from aiohttp import web

from opencode_router.errors import Forbidden
from opencode_router.identity.api_keys import ApiKeys
from opencode_router.identity.caller import Caller
from opencode_router.identity.credentials import ApiKey, Headers, credential
from opencode_router.identity.tokens import TokenVerifier


class Identity:
    """Every request is verified here, whatever a load balancer in front has already verified."""

    def __init__(self, *, tokens: TokenVerifier, keys: ApiKeys) -> None:
        self.keys = keys
        self._tokens = tokens

    async def identify(self, headers: Headers) -> Caller:
        """The verified sender.

        Raises Unauthenticated (missing_credentials, conflicting_credentials, invalid_token, expired_token,
        invalid_api_key, revoked_api_key, expired_api_key), or Unavailable when what is needed to verify cannot be
        reached.
        """
        given = credential(headers)
        if isinstance(given, ApiKey):
            return await self.keys.caller(given.text)
        return await self._tokens.caller(given.text)

    async def identify_person(self, headers: Headers) -> Caller:
        """As `identify`, but only a JWT will do; raises Forbidden for an API key."""
        given = credential(headers)
        if isinstance(given, ApiKey):
            raise Forbidden(
                "API keys cannot manage API keys; sign in and send your token as Authorization: Bearer ...",
                code="jwt_required",
            )
        return await self._tokens.caller(given.text)

    async def check_jwks(self) -> None:
        """Raises Unavailable when the issuer's keys are not known."""
        await self._tokens.ready()

    async def check_key_table(self) -> None:
        """Raises Unavailable when the table of API keys does not answer."""
        await self.keys.ready()

    async def close(self) -> None:
        await asyncio.gather(self._tokens.close(), self.keys.close())


IDENTITY = web.AppKey("identity", Identity)
