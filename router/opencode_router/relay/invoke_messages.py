"""Anthropic Messages events that InvokeModelWithResponseStream wraps into frames, unwrapped and passed through.

Source: Amazon Bedrock API reference, "InvokeModelWithResponseStream", `PayloadPart` (read 2026-11-21).
"""

import msgspec
from msgspec import Struct

from opencode_router.bedrock.event_stream import Decoder, Frame, frame_failure
from opencode_router.errors import RouterError, UpstreamFailed
from opencode_router.relay.native_messages import MessagesStream


class PayloadPart(Struct):
    bytes: bytes
    """One event's JSON; base64 on the wire."""


class Typed(Struct):
    type: str


class InvokeStream(MessagesStream):
    """The same events as the Messages surface would send."""

    def __init__(self, *, model: str) -> None:
        super().__init__(model=model)
        self._frames = Decoder()

    def feed(self, data: bytes) -> bytes:
        if self.failure:
            return b""
        events: list[bytes] = []
        failure: RouterError | None = None
        try:
            events.extend(map(unwrapped, self._frames.feed(data)))
        except RouterError as error:
            failure = error
        whole = super().feed(b"".join(events)) if events else b""
        self.failure = self.failure or failure or self._frames.failure
        return whole


def unwrapped(frame: Frame) -> bytes:
    """One server-sent event. Raises what an exception frame stands for, UpstreamFailed when it cannot be read."""
    headers, payload = frame
    if headers.message_type != "event":
        raise frame_failure(frame)
    try:
        event = msgspec.json.decode(payload, type=PayloadPart).bytes
        name = msgspec.json.decode(event, type=Typed).type
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UpstreamFailed("the model's stream could not be read") from error
    return b"event: " + name.encode() + b"\ndata: " + event + b"\n\n"
