"""Chat Completions answers passed through as they come, usage read from them on the way.

Shapes: OpenAI API reference, "The chat completion chunk object" (read 2026-11-21).
"""

import re

import msgspec
from msgspec import Raw, Struct

from opencode_router.bedrock.failures import failure
from opencode_router.relay.native import NativeStream, answer_fields, json_of_event, renamed
from opencode_router.usage.tokens import Tokens

DONE = b"data: [DONE]"
COUNTS = re.compile(rb'"usage"\s*:\s*\{')
"""Chunks before the one with counts may say `"usage": null`."""
ERROR = re.compile(rb'^data:\s*\{\s*"error"', re.MULTILINE)


class PromptDetails(Struct):
    cached_tokens: int | None = None


class CompletionDetails(Struct):
    reasoning_tokens: int | None = None


class Usage(Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None

    def tokens(self) -> Tokens:
        cached = (self.prompt_tokens_details.cached_tokens if self.prompt_tokens_details else None) or 0
        details = self.completion_tokens_details
        return Tokens(
            input=max(0, self.prompt_tokens - cached),
            cache_read=cached,
            output=self.completion_tokens,
            reasoning=(details.reasoning_tokens if details else None) or 0,
        )


class Chunk(Struct):
    choices: list[Raw] = []
    usage: Usage | None = None


class ErrorBody(Struct):
    message: str = "the model's stream reported an error"
    type: str | None = None
    code: str | int | None = None


class ErrorChunk(Struct):
    error: ErrorBody


class ChatStream(NativeStream):
    """Chunks under the caller's name for the model, without a usage chunk that nobody asked for."""

    def __init__(self, *, model: str, hides_usage: bool) -> None:
        super().__init__(model=model)
        self._hides_usage = hides_usage

    def read(self, events: bytes, tail: bytes) -> bytes:
        if b'"error"' in tail and (found := ERROR.search(events)):
            chunk, start, _ = json_of_event(events, found.end(), ErrorChunk)
            self.failure = failure(chunk.error.type or "", chunk.error.message, code=str(chunk.error.code or ""))
            events = events[:start]
        elif COUNTS.search(tail):
            events = self._read_usage(events)
        self.is_done = self.is_done or DONE in tail
        return self.renamed_throughout(events)

    def _read_usage(self, events: bytes) -> bytes:
        """Takes the counts from the last chunk that has them."""
        chunk, start, end = json_of_event(events, events.rfind(b'"usage"'), Chunk)
        if chunk.usage is None:
            return events
        self.counts = chunk.usage.tokens()
        return events[:start] + events[end:] if self._hides_usage and not chunk.choices else events


def chat_answer(body: bytes, *, model: str) -> tuple[bytes, Tokens]:
    """A whole answer under the caller's name for the model. Raises UpstreamFailed when it is not one."""
    fields = answer_fields(body)
    try:
        usage = msgspec.json.decode(fields["usage"], type=Usage)
    except (msgspec.DecodeError, KeyError):
        return renamed(fields, model), Tokens(output=len(body) // 4, is_estimate=True)
    return renamed(fields, model), usage.tokens()
