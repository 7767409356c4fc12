"""Responses answers passed through as they come, usage read from them on the way.

Shapes: OpenAI API reference, "Streaming events" of Responses, and the openai SDK 3.52 (read 2026-11-21). The counts
come with the event that ends a stream, whichever of the three it is.
"""

import re

import msgspec
from msgspec import Struct

from opencode_router.bedrock.failures import failure
from opencode_router.errors import RouterError
from opencode_router.relay.native import NativeStream, answer_fields, json_of_event, renamed
from opencode_router.usage.tokens import Tokens

END = re.compile(
    rb'^(?:event: ?|data: ?\{\s*"type"\s*:\s*")(response\.completed|response\.incomplete|response\.failed|error)\b'
    rb'|^data: ?\{\s*"(error)"',
    re.MULTILINE,
)
"""The event that ends a stream, by its name or its first member; within a JSON string neither begins a line."""
GOOD_ENDS = (b"response.completed", b"response.incomplete")


class InputDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class OutputDetails(Struct):
    reasoning_tokens: int | None = None


class Usage(Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None

    def tokens(self) -> Tokens:
        """The catalogue has the price of a 30 minute cache under `cache_write_5m`."""
        prompt = self.input_tokens_details or InputDetails()
        read, written = prompt.cached_tokens or 0, prompt.cache_write_tokens or 0
        return Tokens(
            input=max(0, self.input_tokens - read - written),
            cache_read=read,
            cache_write_5m=written,
            output=self.output_tokens,
            reasoning=(self.output_tokens_details.reasoning_tokens if self.output_tokens_details else None) or 0,
        )


class ErrorBody(Struct):
    message: str | None = None
    type: str | None = None
    code: str | int | None = None

    def failure(self) -> RouterError:
        text = self.message or "the model's response reported an error"
        return failure(self.type or "", text, code=str(self.code or ""))


class Response(Struct):
    status: str | None = None
    error: ErrorBody | None = None
    usage: Usage | None = None


class LastEvent(Struct):
    """`response.*` with the response, or `error` with the error's members in it or below `error`."""

    response: Response | None = None
    error: ErrorBody | None = None
    message: str | None = None
    code: str | int | None = None

    def failure(self) -> RouterError:
        below = self.error or (self.response.error if self.response else None)
        return (below or ErrorBody(message=self.message, code=self.code)).failure()


class ResponsesStream(NativeStream):
    """Events as they come, with the caller's name for the model; a failure is left to whoever words it."""

    def read(self, events: bytes, tail: bytes) -> bytes:
        if not self.is_done and END.search(tail) and (found := END.search(events)):
            last, start, _ = json_of_event(events, found.end(), LastEvent)
            if last.response and last.response.usage:
                self.counts = last.response.usage.tokens()
            if found[1] in GOOD_ENDS:
                self.is_done = True
            else:
                self.failure = last.failure()
                events = events[:start]
        return self.renamed_throughout(events)


def responses_answer(body: bytes, *, model: str) -> tuple[bytes, Tokens]:
    """A whole answer under the caller's name for the model.

    Raises UpstreamFailed when it is not one, and what the response says of itself when it has failed.
    """
    fields = answer_fields(body)
    estimate = Tokens(output=len(body) // 4, is_estimate=True)
    try:
        response = msgspec.json.decode(body, type=Response)
    except msgspec.DecodeError:
        return renamed(fields, model), estimate
    if response.status == "failed":
        raise (response.error or ErrorBody()).failure()
    return renamed(fields, model), response.usage.tokens() if response.usage else estimate
