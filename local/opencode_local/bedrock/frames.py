"""Frames of `application/vnd.amazon.eventstream`, as Bedrock writes them.

    total length (4) | headers length (4) | CRC32 of those 8 bytes (4) | headers | payload | CRC32 of all before (4)

Integers are big-endian. A header is: length of its name (1), name, type (1, always 7 = string), length of its value
(2), value. Source: the decoder of botocore 1.43, `botocore.eventstream` (2026-11-21).
"""

import struct
from functools import cache
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
STRING = 7
PRELUDE = struct.Struct(">II")
CRC = struct.Struct(">I")
PRELUDE_BYTES = PRELUDE.size + CRC.size


def event_frame(event_type: str, payload: bytes) -> bytes:
    return frame(_headers(":event-type", event_type, "event"), payload)


def exception_frame(exception_type: str, payload: bytes) -> bytes:
    return frame(_headers(":exception-type", exception_type, "exception"), payload)


def frame(headers: bytes, payload: bytes) -> bytes:
    """One whole frame around encoded `headers`."""
    prelude = PRELUDE.pack(PRELUDE_BYTES + len(headers) + len(payload) + CRC.size, len(headers))
    body = prelude + CRC.pack(crc32(prelude)) + headers + payload
    return body + CRC.pack(crc32(body))


def with_wrong_crc(whole: bytes) -> bytes:
    """The frame with its last bit, which belongs to the message CRC, turned over."""
    return whole[:-1] + bytes([whole[-1] ^ 1])


@cache
def _headers(type_name: str, type_value: str, message_type: str) -> bytes:
    return b"".join(
        _header(name, value)
        for name, value in (
            (type_name, type_value),
            (":content-type", "application/json"),
            (":message-type", message_type),
        )
    )


def _header(name: str, value: str) -> bytes:
    return struct.pack(f">B{len(name)}sBH", len(name), name.encode(), STRING, len(value)) + value.encode()
