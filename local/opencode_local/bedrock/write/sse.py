"""Server-sent events, as the text routes write them."""

import msgspec

from opencode_local.bedrock.prompt import Json

CONTENT_TYPE = "text/event-stream"
NOT_UTF_8 = b"\xff"
NOT_JSON = b'{"type":"content_blo'


def event(payload: Json, *, name: str | None = None) -> bytes:
    head = f"event: {name}\n".encode() if name is not None else b""
    return head + b"data: " + msgspec.json.encode(payload) + b"\n\n"


def broken_event(whole: bytes, *, is_corrupt: bool) -> bytes:
    """The event with a byte that no text has, or with half a JSON object as its data."""
    head, _, data = whole.partition(b"data: ")
    return head + b"data: " + (NOT_UTF_8 + data[1:] if is_corrupt else NOT_JSON + b"\n\n")
