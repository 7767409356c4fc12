"""Writes `application/vnd.amazon.eventstream`, independently of the code that reads it."""

import json
import struct
from collections.abc import Mapping
from zlib import crc32

NUMBER_FORMATS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}


class Typed(tuple[int, "bool | int | bytes | str"]):
    """A header's type, 0 to 9, and its value."""

    __slots__ = ()


def header(name: str, typed: Typed) -> bytes:
    value_type, value = typed
    encoded_name = name.encode()
    prefix = bytes([len(encoded_name)]) + encoded_name + bytes([value_type])
    match value:
        case bool():
            return prefix
        case int():
            return prefix + struct.pack(NUMBER_FORMATS[value_type], value)
        case str():
            return prefix + sized(value.encode())
    return prefix + (value if value_type == 9 else sized(value))


def sized(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def frame(headers: Mapping[str, Typed], payload: bytes) -> bytes:
    block = b"".join(header(name, typed) for name, typed in headers.items())
    return sealed(16 + len(block) + len(payload), block, payload)


def sealed(frame_bytes: int, block: bytes, payload: bytes, headers_bytes: int | None = None) -> bytes:
    """A frame with true checksums, whatever the lengths say."""
    lengths = struct.pack(">II", frame_bytes, len(block) if headers_bytes is None else headers_bytes)
    content = lengths + struct.pack(">I", crc32(lengths)) + block + payload
    return content + struct.pack(">I", crc32(content))


def text_headers(**values: str) -> dict[str, Typed]:
    """`event_type="metadata"` as `:event-type: metadata`."""
    return {f":{name.replace('_', '-')}": Typed((7, value)) for name, value in values.items()}


def event(event_type: str, body: object) -> bytes:
    """An event as Bedrock sends it; a `str` body is JSON already."""
    headers = text_headers(event_type=event_type, content_type="application/json", message_type="event")
    return frame(headers, json_bytes(body))


def exception(exception_type: str, body: object) -> bytes:
    headers = text_headers(exception_type=exception_type, content_type="application/json", message_type="exception")
    return frame(headers, json_bytes(body))


def error(error_code: str, error_message: str) -> bytes:
    return frame(text_headers(message_type="error", error_code=error_code, error_message=error_message), b"")


def json_bytes(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
