"""What Converse answers, as Chat Completions.

Reasoning is given twice: as `reasoning_content`, which clients show, and as `reasoning_details`, which they send back
unread, so that the model finds its signed and redacted reasoning again. In a stream, entries of one `index` are pieces
of one entry: texts are joined, a signature comes whole.

Citations, images, and tools that Bedrock runs itself have no place in this protocol and are left out.

Sources: OpenAI API reference, "The chat completion object" and "The chat completion chunk object"; OpenRouter
documentation, "Reasoning Tokens" (read 2026-11-21).
"""

from collections.abc import Iterable, Mapping
from typing import assert_never

import msgspec

from opencode_router.translate.converse_outcome import ending, read_response, tokens
from opencode_router.translate.converse_stream import SLOT, Block, ConverseStream, Kind
from opencode_router.usage.tokens import Tokens
from opencode_router.wire import converse_events as wire

Json = Mapping[str, object]

STOP_REASONS: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
REASONING_FORMAT = "anthropic-claude-v1"
"""Of signed and redacted reasoning, which only Anthropic's models write."""
DONE = b"data: [DONE]\n\n"
NO_ARGUMENTS = b'"{}"'


class Stream(ConverseStream):
    """One streamed chat completion; with `include_usage`, usage comes in a chunk of its own before the end."""

    stop_reasons = STOP_REASONS

    def __init__(self, completion_id: str, model: str, created: int, *, include_usage: bool) -> None:
        super().__init__()
        self._envelope = {"id": completion_id, "object": "chat.completion.chunk", "created": created, "model": model}
        self._include_usage = include_usage
        self._reasoning_count = 0
        self._text_parts = self._parts({"content": SLOT})

    def start(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def open(self, block: Block) -> bytes:
        match block.kind:
            case Kind.TEXT:
                block.parts = self._text_parts
            case Kind.TOOL:
                index = self.tool_count - 1
                block.parts = self._parts({"tool_calls": [{"index": index, "function": {"arguments": SLOT}}]})
                call = {"index": index, **tool_call(block.tool_id, block.tool_name, "")}
                return self._chunk({"tool_calls": [call]})
            case Kind.REASONING | Kind.REDACTED:
                detail = text_detail(self._reasoning_count, SLOT)
                block.parts = self._parts({"reasoning_content": SLOT, "reasoning_details": [detail]})
                self._reasoning_count += 1
            case Kind.HIDDEN:
                pass
            case unknown:
                assert_never(unknown)
        return b""

    def finish(self, block: Block) -> bytes:
        if block.kind is Kind.TOOL and block.is_empty:
            return NO_ARGUMENTS.join(block.parts)
        if block.signature:
            detail = text_detail(self._reasoning_count - 1, "", block.signature)
            return self._chunk({"reasoning_details": [detail]})
        if block.redacted:
            return self._chunk({"reasoning_details": [redacted_detail(self._reasoning_count - 1, block.redacted)]})
        return b""

    def cite(self, citation: wire.Citation) -> bytes:
        return b""

    def end(self, stop_reason: str, stop_sequence: str | None) -> bytes:
        last = self._chunk({}, finish_reason=stop_reason)
        if self._include_usage:
            last += event({**self._envelope, "choices": [], "usage": usage(self.tokens)})
        return last + DONE

    def _chunk(self, delta: Json, finish_reason: str | None = None) -> bytes:
        """Where usage is asked for, it is null in all chunks but its own."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return event({**self._envelope, "choices": [choice], **({"usage": None} if self._include_usage else {})})

    def _parts(self, delta: Json) -> tuple[bytes, ...]:
        return tuple(self._chunk(delta).split(SLOT))


def event(body: Json) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def answer(body: bytes, completion_id: str, model: str, created: int) -> tuple[bytes, Tokens]:
    """A whole chat completion and what it used. Raises UpstreamFailed when Converse's answer cannot be used.

    Blocks of text are joined as they are: in a stream nothing could stand between them either.
    """
    response = read_response(body)
    blocks = response.output.message.content
    calls = tool_calls(blocks)
    used = tokens(response.usage)
    choice = {
        "index": 0,
        "message": message(blocks, calls),
        "finish_reason": ending(STOP_REASONS, response.stop_reason, calls_tools=bool(calls)),
        "logprobs": None,
    }
    completion = {
        "id": completion_id,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [choice],
        "usage": usage(used),
    }
    return msgspec.json.encode(completion), used


def message(blocks: Iterable[wire.ContentBlock], calls: list[Json]) -> Json:
    """`content` is null only beside tool calls."""
    text = "".join(text_of(block) for block in blocks)
    reasoning = [block.reasoning_content for block in blocks if block.reasoning_content]
    shown = "".join(block.reasoning_text.text for block in reasoning if block.reasoning_text)
    details = [reasoning_detail(index, block) for index, block in enumerate(reasoning)]
    return {
        "role": "assistant",
        "content": None if calls and not text else text,
        "refusal": None,
        **({"reasoning_content": shown} if shown else {}),
        **({"reasoning_details": details} if details else {}),
        **({"tool_calls": calls} if calls else {}),
    }


def text_of(block: wire.ContentBlock) -> str:
    if block.citations_content:
        return "".join(part.text for part in block.citations_content.content)
    return block.text or ""


def tool_calls(blocks: Iterable[wire.ContentBlock]) -> list[Json]:
    tools = [block.tool_use for block in blocks if block.tool_use and block.tool_use.type != wire.SERVER_TOOL]
    return [tool_call(tool.tool_use_id, tool.name, bytes(tool.input).decode()) for tool in tools]


def tool_call(tool_use_id: str, name: str, arguments: str) -> Json:
    return {"id": tool_use_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def reasoning_detail(index: int, reasoning: wire.Reasoning) -> Json:
    if reasoning.redacted_content is not None:
        return redacted_detail(index, reasoning.redacted_content)
    text = reasoning.reasoning_text
    return text_detail(index, text.text, text.signature) if text else text_detail(index, "")


def text_detail(index: int, text: object, signature: str | None = None) -> Json:
    return {
        "type": "reasoning.text",
        "text": text,
        **({"signature": signature, "format": REASONING_FORMAT} if signature else {}),
        "index": index,
    }


def redacted_detail(index: int, data: bytes) -> Json:
    return {"type": "reasoning.encrypted", "data": data, "format": REASONING_FORMAT, "index": index}


def usage(used: Tokens) -> Json:
    """`cached_tokens` are a part of `prompt_tokens`; `cache_write_tokens` is OpenRouter's name for the written part."""
    return {
        "prompt_tokens": used.prompt,
        "completion_tokens": used.output,
        "total_tokens": used.total,
        "prompt_tokens_details": {"cached_tokens": used.cache_read, "cache_write_tokens": used.cache_write},
    }
