"""JWT authorizers of HTTP APIs: the keys of the issuer's own discovery document, and the declared audiences.

Source: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers in API Gateway" (read
2026-11-21): `kid`, `iss`, `aud` or `client_id`, `exp`, `nbf`, `iat`, and one of the route's scopes in `scope` or `scp`.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp
from aiohttp import web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from opencode_local.addresses import Addresses

ALGORITHMS = ["RS256", "RS384", "RS512"]
KEYS_LIFE_S = 7200.0
TIMEOUT_S = 1.5
HEADER = "$request.header."
QUERY = "$request.querystring."


class Unauthorized(Exception):
    """No token, or one that is not good: 401."""


class Forbidden(Exception):
    """A good token without a scope that the route asks for: 403."""


class JwtAuthorizer:
    """One declared authorizer."""

    def __init__(self, inputs: Mapping[str, Any], addresses: Addresses, clock: Callable[[], float]) -> None:
        configured = inputs["jwtConfiguration"]
        self._issuer = str(configured["issuer"])
        self._audiences = set(configured["audiences"])
        self._identity_sources: Sequence[str] = inputs["identitySources"]
        self._addresses, self._clock = addresses, clock
        self._keys: KeySet | None = None
        self._keys_until = 0.0
        self._fetching = asyncio.Lock()

    async def authorize(self, request: web.Request, scopes: Sequence[str]) -> dict[str, Any]:
        """`requestContext.authorizer` of the event. Raises Unauthorized, Forbidden."""
        text = self._token(request)
        if not text:
            raise Unauthorized("no token")
        claims = await self._claims(text)
        self._check(claims)
        granted = _scopes(claims)
        if scopes and not set(scopes) & set(granted):
            raise Forbidden("no scope of the route")
        stated = {name: value if isinstance(value, str) else _text(value) for name, value in claims.items()}
        return {"jwt": {"claims": stated, "scopes": granted or None}}

    def _token(self, request: web.Request) -> str:
        found = next(filter(None, (_identity(request, source) for source in self._identity_sources)), "")
        scheme, _, rest = found.partition(" ")
        return rest.strip() if scheme.lower() == "bearer" else found

    async def _claims(self, text: str) -> dict[str, Any]:
        try:
            return dict(jwt.decode(text, await self._current_keys(), algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError, KeyError, aiohttp.ClientError, TimeoutError) as error:
            raise Unauthorized(str(error)) from error

    def _check(self, claims: Mapping[str, Any]) -> None:
        """Where the issuer is a local one, its tokens may name it by its local address."""
        now = self._clock()
        audience = claims.get("aud") or claims.get("client_id") or ()
        named = {audience} if isinstance(audience, str) else set(audience)
        if claims.get("iss") not in {self._issuer, self._addresses.local(self._issuer)}:
            raise Unauthorized("another issuer")
        if not named & self._audiences:
            raise Unauthorized("another audience")
        if claims.get("exp", 0) <= now or claims.get("nbf", 0) > now or claims.get("iat", 0) > now:
            raise Unauthorized("not within its time")

    async def _current_keys(self) -> KeySet:
        """Kept for two hours."""
        async with self._fetching:
            if self._keys is None or self._clock() >= self._keys_until:
                self._keys = await self._fetched()
                self._keys_until = self._clock() + KEYS_LIFE_S
            return self._keys

    async def _fetched(self) -> KeySet:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        issuer = self._addresses.local(self._issuer).rstrip("/")
        async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as client:
            async with client.get(f"{issuer}/.well-known/openid-configuration") as discovered:
                address = self._addresses.local((await discovered.json())["jwks_uri"])
            async with client.get(address) as published:
                return KeySet.import_key_set(await published.json())


def _identity(request: web.Request, source: str) -> str:
    if source.startswith(HEADER):
        return request.headers.get(source.removeprefix(HEADER), "")
    return request.query.get(source.removeprefix(QUERY), "") if source.startswith(QUERY) else ""


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    granted = claims.get("scope") or claims.get("scp") or ()
    return granted.split() if isinstance(granted, str) else list(granted)


def _text(value: Any) -> str:
    """Claims that are no text, as API Gateway tells them: lists as `[a b]`."""
    if isinstance(value, list):
        return f"[{' '.join(map(str, value))}]"
    return json.dumps(value)
