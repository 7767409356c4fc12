"""Anthropic Messages answers passed through as they come, usage read from them on the way.

Shapes: Anthropic API reference, "Streaming messages" (read 2026-11-21). Counts in `message_delta` are cumulative and
replace those of `message_start`.
"""

import re

import msgspec
from msgspec import Struct

from opencode_router.bedrock.failures import failure
from opencode_router.errors import UpstreamFailed
from opencode_router.relay.native import MODEL, NativeStream, answer_fields, json_of_event, renamed
from opencode_router.usage.tokens import Tokens

ERROR = re.compile(rb"^event: error", re.MULTILINE)


class CacheCreation(Struct):
    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None

    def tokens(self, before: Tokens, *, is_estimate: bool) -> Tokens:
        """The counts after `before`; what this usage does not say stays as it was."""
        write_5m, write_1h = before.cache_write_5m, before.cache_write_1h
        if self.cache_creation is not None:
            write_5m = self.cache_creation.ephemeral_5m_input_tokens
            write_1h = self.cache_creation.ephemeral_1h_input_tokens
        elif self.cache_creation_input_tokens is not None and self.cache_creation_input_tokens != before.cache_write:
            write_5m, write_1h = self.cache_creation_input_tokens, 0
        return Tokens(
            input=before.input if self.input_tokens is None else self.input_tokens,
            output=before.output if self.output_tokens is None else self.output_tokens,
            cache_read=before.cache_read if self.cache_read_input_tokens is None else self.cache_read_input_tokens,
            cache_write_5m=write_5m,
            cache_write_1h=write_1h,
            is_estimate=is_estimate,
        )


class Message(Struct):
    usage: Usage


class MessageStart(Struct):
    message: Message


class MessageDelta(Struct):
    usage: Usage | None = None


class ErrorDetail(Struct):
    type: str = "api_error"
    message: str = "the model's stream reported an error"


class ErrorEvent(Struct):
    error: ErrorDetail


class MessagesStream(NativeStream):
    """Events as they come, with the caller's name for the model in `message_start`."""

    def __init__(self, *, model: str) -> None:
        super().__init__(model=model)
        self._has_started = False

    def read(self, events: bytes, tail: bytes) -> bytes:
        if b"event: error" in tail and (found := ERROR.search(events)):
            event, start, _ = json_of_event(events, found.end(), ErrorEvent)
            self.failure = failure(event.error.type, event.error.message)
            events = events[:start]
        if not self._has_started and b'"message_start"' in events:
            events = self._start(events)
        if b'"message_delta"' in tail:
            self._count(events)
        self.is_done = self.is_done or b'"message_stop"' in tail
        return events

    def _start(self, events: bytes) -> bytes:
        event, start, end = json_of_event(events, events.find(b'"message_start"'), MessageStart)
        self.counts = event.message.usage.tokens(self.counts, is_estimate=True)
        self._has_started = True
        return events[:start] + MODEL.sub(lambda _: self.model_member, events[start:end], count=1) + events[end:]

    def _count(self, events: bytes) -> None:
        """Exact counts from the closing `message_delta`."""
        position = events.rfind(b'"message_delta"')
        if position < 0:
            return
        delta, _, _ = json_of_event(events, position, MessageDelta)
        if delta.usage is not None:
            self.counts = delta.usage.tokens(self.counts, is_estimate=False)


def messages_answer(body: bytes, *, model: str) -> tuple[bytes, Tokens]:
    """A whole answer under the caller's name for the model. Raises UpstreamFailed when it is not one."""
    fields = answer_fields(body)
    try:
        usage = msgspec.json.decode(fields["usage"], type=Usage)
    except (msgspec.DecodeError, KeyError) as error:
        raise UpstreamFailed("the model's answer has no usage") from error
    return renamed(fields, model), usage.tokens(Tokens(), is_estimate=False)
