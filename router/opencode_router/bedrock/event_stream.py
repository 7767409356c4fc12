"""Frames of `application/vnd.amazon.eventstream`, the format in which Bedrock streams Converse events.

    total length [4] | headers length [4] | CRC32 of these 8 bytes [4] | headers | payload | CRC32 of all before [4]

A header is `name length [1] | name | type [1] | value`. Lengths and numbers are big-endian.

Sources: Amazon Lex V2 developer guide, "Event stream encoding"; Smithy, "Amazon Event Stream Specification" (header
types, `:message-type` event, exception and error) (read 2026-11-21).
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar
from zlib import crc32

import msgspec

from opencode_router.bedrock.failures import failure
from opencode_router.errors import RouterError, UpstreamFailed

PRELUDE = struct.Struct(">III")
PRELUDE_BYTES = PRELUDE.size
CHECKSUM_BYTES = 4
read_checksum = struct.Struct(">I").unpack_from
SMALLEST_FRAME_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES
LARGEST_FRAME_BYTES = 2**24
"""16 MiB; a Converse event is a few hundred bytes, so a longer one is not one."""
LARGEST_HEADERS_BYTES = 2**17
"""128 KiB, the format's own limit."""
CACHED_HEADER_BLOCKS = 64
"""ConverseStream repeats about a dozen."""
CACHED_PRELUDES = 1024
"""One per pair of lengths: events are short, and padded to lengths that repeat."""

T = TypeVar("T")
HeaderValue = bool | int | bytes | str
"""A timestamp is an int, in milliseconds since 1970; a UUID is its 16 bytes."""

NUMBERS = {2: struct.Struct(">b"), 3: struct.Struct(">h"), 4: struct.Struct(">i"), 5: struct.Struct(">q")}
LENGTH = struct.Struct(">H")
TRUE, FALSE, BYTES, STRING, TIMESTAMP, UUID = 0, 1, 6, 7, 8, 9
UUID_BYTES = 16


class FrameCorrupt(UpstreamFailed):
    """The bytes are not a frame, or not the frame that was sent."""

    code = "upstream_stream_corrupt"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the model's stream arrived damaged: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What a frame says about its payload; absent headers are None."""

    message_type: str | None
    """"event", "exception" or "error"."""
    event_type: str | None
    """None unless the message is an event."""
    exception_type: str | None
    error_code: str | None
    error_message: str | None
    values: Mapping[str, HeaderValue]
    """All headers, these included."""


Frame = tuple[Headers, bytes]
"""Headers and payload of a whole frame whose checksums hold."""


class Decoder:
    """Finds the frames in bytes that arrive split anyhow."""

    def __init__(self) -> None:
        self.failure: FrameCorrupt | None = None
        """Set once something is not a frame; nothing can be read after it."""
        self._parts: list[bytes] = []
        self._held_bytes = 0
        self._wanted_bytes = PRELUDE_BYTES

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order, up to where `failure` was found."""
        self._parts.append(data)
        self._held_bytes += len(data)
        frames: list[Frame] = []
        if self._held_bytes >= self._wanted_bytes and self.failure is None:
            buffer = b"".join(self._parts)
            try:
                tail_start, self._wanted_bytes = self._read(buffer, frames)
            except FrameCorrupt as error:
                self.failure = error
                tail_start = len(buffer)
            self._parts = [buffer[tail_start:]]
            self._held_bytes = len(buffer) - tail_start
        return frames

    @staticmethod
    def _read(buffer: bytes, frames: list[Frame]) -> tuple[int, int]:
        """Adds the whole frames of `buffer` to `frames`. Raises FrameCorrupt.

        Returns where the rest starts and how long it has to be before there is more to read.
        """
        size, start = len(buffer), 0
        while (headers_start := start + PRELUDE_BYTES) <= size:
            frame_bytes, headers_bytes = PRELUDES[buffer[start:headers_start]]
            end = start + frame_bytes
            if end > size:
                return start, frame_bytes
            content_end, payload_start = end - CHECKSUM_BYTES, headers_start + headers_bytes
            if crc32(buffer[start:content_end]) != read_checksum(buffer, content_end)[0]:
                raise FrameCorrupt("message checksum mismatch")
            frames.append((HEADERS[buffer[headers_start:payload_start]], buffer[payload_start:content_end]))
            start = end
        return start, PRELUDE_BYTES


def read_prelude(prelude: bytes) -> tuple[int, int]:
    """Bytes of the whole frame and of its headers. Raises FrameCorrupt."""
    frame_bytes, headers_bytes, checksum = PRELUDE.unpack(prelude)
    if crc32(prelude[:8]) != checksum:
        raise FrameCorrupt("prelude checksum mismatch")
    if not SMALLEST_FRAME_BYTES <= frame_bytes <= LARGEST_FRAME_BYTES:
        raise FrameCorrupt(f"a frame of {frame_bytes} bytes")
    if headers_bytes > min(frame_bytes - SMALLEST_FRAME_BYTES, LARGEST_HEADERS_BYTES):
        raise FrameCorrupt(f"{headers_bytes} bytes of headers in a frame of {frame_bytes} bytes")
    return frame_bytes, headers_bytes


def read_headers(block: bytes) -> Headers:
    """The headers in `block`. Raises FrameCorrupt."""
    values: dict[str, HeaderValue] = {}
    position = 0
    try:
        while position < len(block):
            name, position = header_text(block, position + 1, block[position])
            if not name or name in values:
                raise FrameCorrupt(f"empty or repeated header name {name!r}")
            values[name], position = header_value(block, position + 1, block[position])
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise FrameCorrupt("unreadable headers") from error
    text = {name: value for name, value in values.items() if isinstance(value, str)}
    message_type = text.get(":message-type")
    return Headers(
        message_type=message_type,
        event_type=text.get(":event-type") if message_type == "event" else None,
        exception_type=text.get(":exception-type"),
        error_code=text.get(":error-code"),
        error_message=text.get(":error-message"),
        values=MappingProxyType(values),
    )


def header_value(block: bytes, start: int, value_type: int) -> tuple[HeaderValue, int]:
    """The value at `start` and where it ends."""
    match value_type:
        case 0 | 1:
            return value_type == TRUE, start
        case 2 | 3 | 4 | 5 | 8:
            number = NUMBERS[5 if value_type == TIMESTAMP else value_type]
            return number.unpack_from(block, start)[0], start + number.size
        case 6:
            return header_bytes(block, start + LENGTH.size, LENGTH.unpack_from(block, start)[0])
        case 7:
            return header_text(block, start + LENGTH.size, LENGTH.unpack_from(block, start)[0])
        case 9:
            return header_bytes(block, start, UUID_BYTES)
    raise FrameCorrupt(f"unknown header type {value_type}")


def header_bytes(block: bytes, start: int, size: int) -> tuple[bytes, int]:
    if start + size > len(block):
        raise FrameCorrupt("a header longer than the headers")
    return block[start : start + size], start + size


def header_text(block: bytes, start: int, size: int) -> tuple[str, int]:
    value, end = header_bytes(block, start, size)
    return value.decode(), end


class Remembered(dict[bytes, T]):
    """What `read` made of the same bytes before; starts anew when full. A look-up costs less than a cached function."""

    def __init__(self, read: Callable[[bytes], T], *, limit: int) -> None:
        super().__init__()
        self._read = read
        self._limit = limit

    def __missing__(self, key: bytes) -> T:
        value = self._read(key)
        if len(self) >= self._limit:
            self.clear()
        self[key] = value
        return value


PRELUDES = Remembered(read_prelude, limit=CACHED_PRELUDES)
HEADERS = Remembered(read_headers, limit=CACHED_HEADER_BLOCKS)


class ExceptionBody(msgspec.Struct):
    """Payload of an exception frame; `originalMessage` is the model's own, for a modelStreamErrorException."""

    message: str | None = None
    original_message: str | None = msgspec.field(default=None, name="originalMessage")


def frame_failure(frame: Frame) -> RouterError:
    """What a frame that is not an event says went wrong."""
    headers, payload = frame
    if headers.message_type != "exception":
        return failure(headers.error_code or "", headers.error_message or "")
    try:
        body = msgspec.json.decode(payload, type=ExceptionBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = ExceptionBody()
    texts = dict.fromkeys(text for text in (body.message, body.original_message) if text)
    return failure(headers.exception_type or "", ": ".join(texts))
