"""One keep-alive connection of the load generator."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

from bench.http1 import END_OF_CHUNKS, END_OF_HEAD, body_length

SHOWN_BYTES = 400
"""Of a response that is not a 200."""


class Connection(asyncio.Protocol):
    """Sends the same request again and again, when told to. Times are seconds of time.perf_counter."""

    def __init__(self, request: bytes, *, on_end: "Callable[[Connection], None]") -> None:
        self.sent_s = self.first_byte_s = self.ended_s = 0.0
        self.failure: str | None = None
        """Why the last exchange was none."""
        self._request = request
        self._on_end = on_end
        self._transport: asyncio.Transport
        self._held = b""
        self._bytes_left: int | None = 0
        """Of the body; None while it comes in chunks."""
        self._is_idle = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        self._is_idle, self._held, self.first_byte_s = False, b"", 0.0
        self.sent_s = time.perf_counter()
        self._transport.write(self._request)

    def close(self) -> None:
        self._is_idle = True
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_idle:
            self._end("the connection was closed before the response had ended")

    def data_received(self, data: bytes) -> None:
        if self.first_byte_s:
            self._read_body(data)
            return
        self._held += data
        head, end_of_head, body = self._held.partition(END_OF_HEAD)
        if not end_of_head:
            return
        self.first_byte_s = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            self._end(self._held[:SHOWN_BYTES].decode(errors="replace"))
            return
        self._bytes_left = None if b"chunked" in head.lower() else body_length(head)
        self._held = b""
        self._read_body(body)

    def _read_body(self, data: bytes) -> None:
        if self._bytes_left is None:
            self._held = (self._held + data)[-len(END_OF_CHUNKS) :]
            has_ended = self._held == END_OF_CHUNKS
        else:
            self._bytes_left -= len(data)
            has_ended = self._bytes_left <= 0
        if has_ended:
            self._end(None)

    def _end(self, failure: str | None) -> None:
        self._is_idle = True
        self.ended_s = time.perf_counter()
        self.failure = failure
        self._on_end(self)


async def connected(connection: Connection, port: int) -> Connection:
    await asyncio.get_running_loop().create_connection(lambda: connection, "127.0.0.1", port)
    return connection
