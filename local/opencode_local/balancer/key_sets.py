"""JWKS documents of token issuers, fetched when a token asks for them and kept for a while."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from opencode_local.balancer.outgoing import Answer, TooLarge, Unreachable, ask

MAX_DOCUMENT_BYTES = 150 * 1024
MAX_KEYS = 10
FRESH_S = 300
"""For how long a document is believed. AWS names no number."""
RETRY_S = 10
"""A document without the wanted key, or an endpoint that fails, is asked for again after this time at the earliest."""


class NoKeys(Exception):
    """The endpoint gives no document that a load balancer takes."""


@dataclass
class Kept:
    """What is known of one endpoint."""

    keys: Mapping[str, RSAKey] | None = None
    fetched_s: float = float("-inf")
    tried_s: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def wants_fetching(self, key_id: str, now_s: float) -> bool:
        is_known = self.keys is not None and key_id in self.keys and now_s - self.fetched_s < FRESH_S
        return not is_known and now_s - self.tried_s >= RETRY_S


class KeySets:
    """Documents by endpoint; each is asked for once at a time.

    Source of the limits: Application Load Balancer user guide, "Verify JWTs using an Application Load Balancer", "JWT
    validation limits" (read 2026-11-21).
    """

    def __init__(self, session: aiohttp.ClientSession, clock: Callable[[], float]) -> None:
        self._session = session
        self._clock = clock
        self._kept: dict[str, Kept] = {}

    async def key(self, endpoint: str, key_id: str) -> RSAKey | None:
        """The RSA key of this id; None when the document has none. Raises NoKeys.

        A document that was fetched before goes on to be used while its endpoint fails.
        """
        kept = self._kept.setdefault(endpoint, Kept())
        async with kept.lock:
            if kept.wants_fetching(key_id, self._clock()):
                await self._fetch(endpoint, kept)
        if kept.keys is None:
            raise NoKeys(f"{endpoint} failed less than {RETRY_S} s ago")
        return kept.keys.get(key_id)

    async def _fetch(self, endpoint: str, kept: Kept) -> None:
        """A request that ends meanwhile, because its client has gone, leaves nothing behind."""
        try:
            kept.keys = rsa_keys(await ask(self._session, "GET", endpoint, max_bytes=MAX_DOCUMENT_BYTES))
        except (Unreachable, TooLarge, NoKeys) as error:
            kept.tried_s = self._clock()
            if kept.keys is None:
                raise NoKeys(f"{endpoint}: {error}") from error
        else:
            kept.tried_s = kept.fetched_s = self._clock()


def rsa_keys(answer: Answer) -> Mapping[str, RSAKey]:
    """The keys that can verify RS256, by id; others are passed over. Raises NoKeys."""
    try:
        listed = answer.document()["keys"]
    except (ValueError, KeyError) as error:
        raise NoKeys(f"status {answer.status} without a key set") from error
    if answer.status != 200 or not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise NoKeys(f"status {answer.status}, and no list of at most {MAX_KEYS} keys")
    return {key["kid"]: rsa for key in listed if isinstance(key, dict) and (rsa := rsa_key(key))}


def rsa_key(key: Mapping[str, object]) -> RSAKey | None:
    """None for a key of another kind or purpose, without an id, or malformed."""
    is_meant = key.get("use", "sig") == "sig" and key.get("alg", "RS256") == "RS256" and isinstance(key.get("kid"), str)
    if key.get("kty") != "RSA" or not is_meant:
        return None
    try:
        return RSAKey.import_key({name: str(key[name]) for name in ("kty", "n", "e")})
    except (JoseError, ValueError, KeyError):
        return None
