"""The credential that takes the place of every caller's: the person's access token, or the key of the environment."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from opencode_auth import clock, tokens

KEPT_S = 30.0
"""How long a token is used before it is asked for again: at least half of its minimum life is then left."""


class Credential(Protocol):
    """Where the relay gets what it sends to the gateway."""

    async def current(self) -> str:
        """Raises ClientError."""

    async def instead_of(self, refused: str) -> str | None:
        """Another one, after the gateway refused this one; None where there is none. Raises ClientError."""


class ApiKey:
    """The key of OPENCODE_API_KEY, for as long as the proxy runs; nobody signs in."""

    def __init__(self, key: str) -> None:
        self._key = key

    async def current(self) -> str:
        return self._key

    async def instead_of(self, refused: str) -> str | None:
        return None


class SignIn:
    """The person's access token, held for half a minute of the wall clock.

    The wall clock also runs while the machine sleeps; a monotonic one would take an old token for a fresh one.
    """

    def __init__(self, now_s: Callable[[], float] = clock.now_s) -> None:
        self._now_s = now_s
        self._token = ""
        self._asked_at_s = float("-inf")
        self._asking = asyncio.Lock()

    async def current(self) -> str:
        if self._is_held:
            return self._token
        async with self._asking:
            return self._token if self._is_held else await self._ask(tokens.access_token)

    async def instead_of(self, refused: str) -> str | None:
        """Refreshes, unless another request or process has done so since."""
        async with self._asking:
            token = await self._ask(lambda: tokens.access_token(rejected=refused))
        return None if token == refused else token

    @property
    def _is_held(self) -> bool:
        return 0 <= self._now_s() - self._asked_at_s < KEPT_S

    async def _ask(self, source: Callable[[], str]) -> str:
        self._asked_at_s = float("-inf")
        self._token = await asyncio.to_thread(source)
        self._asked_at_s = self._now_s()
        return self._token


def of_this_process() -> Credential:
    key = tokens.api_key()
    return ApiKey(key) if key else SignIn()
