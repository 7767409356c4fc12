"""A request's body: kept while it is small enough to be sent twice, else passed through as it comes."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

KEPT_BYTES = 32 * 2**20
"""As much as the gateway accepts."""
COPIED_BYTES = 2**20
"""aiohttp sends up to so many bytes in one go, and more only from a file."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """`kept` is the whole of it; without that, `rest` yields it once."""

    kept: bytes | None
    rest: AsyncIterator[bytes] | None = None
    length: int | None = None
    """In bytes, as far as the caller said."""

    def data(self) -> bytes | io.BytesIO | AsyncIterator[bytes] | None:
        """What aiohttp is given to send; once again at every call when `kept`."""
        if self.kept is None:
            return self.rest
        return self.kept if len(self.kept) <= COPIED_BYTES else io.BytesIO(self.kept)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Those that a body needs that is not kept."""
        return [("Content-Length", str(self.length))] if self.kept is None and self.length is not None else []


async def body_of(request: web.BaseRequest, *, kept_bytes: int = KEPT_BYTES) -> Body:
    """All of it, if it is no more than `kept_bytes`."""
    if not request.body_exists:
        return Body(kept=b"")
    read = bytearray()
    async for chunk in request.content.iter_any():
        read += chunk
        if len(read) > kept_bytes:
            return Body(kept=None, rest=_continued(bytes(read), request), length=request.content_length)
    return Body(kept=bytes(read))


async def _continued(begun: bytes, request: web.BaseRequest) -> AsyncIterator[bytes]:
    yield begun
    async for chunk in request.content.iter_any():
        yield chunk
