"""Pooled connections to the gateway, by the corporate proxy and with the certificates that this machine names."""

import io
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import ResolveResult
from multidict import CIMultiDict
from yarl import URL

from opencode_auth import web
from opencode_auth.addresses import LOOPBACK_DOMAIN
from opencode_auth.proxy.corporate import proxy_of

CONNECT_S = 10.0
IDLE_S = 15 * 60.0
"""A model may think for long before its first byte; only silence as long as this means that nobody is there."""
DRAIN_S = 30.0
SLEPT_S = 5.0
"""So much more on the wall clock than on the monotonic one: the machine slept, and pooled connections are dead."""
AUTO_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""What aiohttp would add: the tool's own words go through as they are."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """In seconds. There is none for the whole of an exchange, nor for its headers."""

    connect_s: float = CONNECT_S
    idle_s: float = IDLE_S
    drain_s: float = DRAIN_S


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Both in seconds; only differences matter."""

    wall_s: Callable[[], float] = time.time
    monotonic_s: Callable[[], float] = time.monotonic


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A request as it is sent to the gateway."""

    method: str
    raw_path: str
    """With the query, encoded as it came."""
    headers: CIMultiDict[str]
    data: bytes | io.BytesIO | AsyncIterator[bytes] | None


class Resolver(aiohttp.ThreadedResolver):
    """The system's, but names below `localhost` are this machine: some systems' resolvers do not know such names."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return await super().resolve("127.0.0.1" if host.endswith(LOOPBACK_DOMAIN) else host, port, family)


class Pool:
    """Connections that were opened without a sleep in between; closed when retired and no longer in use."""

    def __init__(self, limits: Limits, *, ahead_s: float, is_secure: bool) -> None:
        self.ahead_s = ahead_s
        """By how much the wall clock was ahead of the monotonic one."""
        self._in_use = 0
        self._is_retired = False
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=web.tls_context() if is_secure else True, resolver=Resolver()),
            timeout=aiohttp.ClientTimeout(sock_connect=limits.connect_s, sock_read=limits.idle_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=AUTO_HEADERS,
            auto_decompress=False,
        )

    @asynccontextmanager
    async def used(self) -> AsyncIterator[aiohttp.ClientSession]:
        self._in_use += 1
        try:
            yield self.session
        finally:
            self._in_use -= 1
            await self._close_if_done()

    async def retire(self) -> None:
        self._is_retired = True
        await self._close_if_done()

    async def _close_if_done(self) -> None:
        if self._is_retired and not self._in_use:
            await self.session.close()


class Upstream:
    """The gateway at `api_url`. Must be made within a running event loop."""

    def __init__(self, api_url: str, limits: Limits, clocks: Clocks) -> None:
        self._origin = api_url
        self._proxy = proxy_of(api_url)
        self._limits = limits
        self._clocks = clocks
        self._pool = self._new_pool()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session whose pooled connections are not older than the machine's last sleep."""
        if abs(self._ahead_s() - self._pool.ahead_s) > SLEPT_S:
            slept, self._pool = self._pool, self._new_pool()
            await slept.retire()
        async with self._pool.used() as session:
            yield session

    @asynccontextmanager
    async def asked(self, session: aiohttp.ClientSession, outgoing: Outgoing) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, its headers read. Raises aiohttp.ClientError and TimeoutError."""
        async with session.request(
            outgoing.method,
            URL(self._origin + outgoing.raw_path, encoded=True),
            headers=outgoing.headers,
            data=outgoing.data,
            proxy=self._proxy,
            allow_redirects=False,
        ) as response:
            yield response

    async def close(self) -> None:
        await self._pool.session.close()

    def _ahead_s(self) -> float:
        return self._clocks.wall_s() - self._clocks.monotonic_s()

    def _new_pool(self) -> Pool:
        return Pool(self._limits, ahead_s=self._ahead_s(), is_secure=self._origin.startswith("https:"))
