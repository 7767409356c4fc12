"""What Converse answers, as Anthropic Messages.

Converse counts tokens only at the end, so `message_start` says zero and `message_delta` all. Images, and tools that
Bedrock runs itself, have no place in an answer of this protocol and are left out.

Source: Anthropic API reference, "Messages" and "Streaming messages" (read 2026-11-21).
"""

from collections.abc import Iterator, Mapping
from typing import assert_never

import msgspec

from opencode_router.translate.converse_citations import text_citation
from opencode_router.translate.converse_outcome import ending, read_response, tokens
from opencode_router.translate.converse_stream import EMPTY, SLOT, Block, ConverseStream, Kind
from opencode_router.usage.tokens import Tokens
from opencode_router.wire import converse_events as wire

Json = Mapping[str, object]

STOP_REASONS: Mapping[str, str] = {
    "end_turn": "end_turn",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "model_context_window_exceeded",
    "guardrail_intervened": "refusal",
    "content_filtered": "refusal",
}


class Stream(ConverseStream):
    """One streamed message."""

    stop_reasons = STOP_REASONS

    def __init__(self, message_id: str, model: str) -> None:
        super().__init__()
        self._message_id = message_id
        self._model = model
        self._index = -1
        """Of the open block; blocks left out do not count."""

    def start(self) -> bytes:
        message = {
            **envelope(self._message_id, self._model),
            "content": (),
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage(Tokens()),
        }
        return event("message_start", {"message": message})

    def open(self, block: Block) -> bytes:
        match block.kind:
            case Kind.TEXT:
                return self._open(block, {"type": "text", "text": ""}, {"type": "text_delta", "text": SLOT})
            case Kind.TOOL:
                content = {"type": "tool_use", "id": block.tool_id, "name": block.tool_name, "input": {}}
                return self._open(block, content, {"type": "input_json_delta", "partial_json": SLOT})
            case Kind.REASONING:
                content = {"type": "thinking", "thinking": "", "signature": ""}
                return self._open(block, content, {"type": "thinking_delta", "thinking": SLOT})
            case Kind.REDACTED | Kind.HIDDEN:
                return b""
            case unknown:
                assert_never(unknown)

    def finish(self, block: Block) -> bytes:
        match block.kind:
            case Kind.TOOL if block.is_empty:
                return EMPTY.join(block.parts) + self._block_event("content_block_stop", {})
            case Kind.REASONING if block.signature:
                signature = self._delta_event({"type": "signature_delta", "signature": block.signature})
                return signature + self._block_event("content_block_stop", {})
            case Kind.REDACTED:
                content = {"type": "redacted_thinking", "data": block.redacted}
                return self._begin(content) + self._block_event("content_block_stop", {})
            case Kind.HIDDEN:
                return b""
        return self._block_event("content_block_stop", {})

    def cite(self, citation: wire.Citation) -> bytes:
        content = text_citation(citation)
        return self._delta_event({"type": "citations_delta", "citation": content}) if content else b""

    def end(self, stop_reason: str, stop_sequence: str | None) -> bytes:
        delta = {"stop_reason": stop_reason, "stop_sequence": stop_sequence}
        last = event("message_delta", {"delta": delta, "usage": usage(self.tokens)})
        return last + event("message_stop", {})

    def _open(self, block: Block, content: Json, delta: Json) -> bytes:
        start = self._begin(content)
        block.parts = tuple(self._delta_event(delta).split(SLOT))
        return start

    def _begin(self, content: Json) -> bytes:
        self._index += 1
        return self._block_event("content_block_start", {"content_block": content})

    def _delta_event(self, delta: Json) -> bytes:
        return self._block_event("content_block_delta", {"delta": delta})

    def _block_event(self, event_type: str, fields: Json) -> bytes:
        return event(event_type, {"index": self._index, **fields})


def event(event_type: str, fields: Json) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event_type.encode(), msgspec.json.encode({"type": event_type, **fields}))


def answer(body: bytes, message_id: str, model: str) -> tuple[bytes, Tokens]:
    """A whole message and what it used. Raises UpstreamFailed when Converse's answer cannot be used."""
    response = read_response(body)
    blocks = [content for block in response.output.message.content for content in content_blocks(block)]
    used = tokens(response.usage)
    calls_tools = any(block["type"] == "tool_use" for block in blocks)
    model_fields = response.additional_model_response_fields
    message = {
        **envelope(message_id, model),
        "content": blocks,
        "stop_reason": ending(STOP_REASONS, response.stop_reason, calls_tools=calls_tools),
        "stop_sequence": model_fields.stop_sequence if model_fields else None,
        "usage": usage(used),
    }
    return msgspec.json.encode(message), used


def content_blocks(block: wire.ContentBlock) -> Iterator[Json]:
    """None or one: left out are what has no place here and empty text, which the protocol refuses when sent back."""
    if block.text:
        yield {"type": "text", "text": block.text}
    if block.citations_content:
        yield cited_text(block.citations_content)
    if block.tool_use and block.tool_use.type != wire.SERVER_TOOL:
        tool = block.tool_use
        yield {"type": "tool_use", "id": tool.tool_use_id, "name": tool.name, "input": tool.input}
    if block.reasoning_content:
        yield thinking(block.reasoning_content)


def cited_text(block: wire.CitedContent) -> Json:
    citations = [content for citation in block.citations if (content := text_citation(citation))]
    text = "".join(part.text for part in block.content)
    return {"type": "text", "text": text, **({"citations": citations} if citations else {})}


def thinking(reasoning: wire.Reasoning) -> Json:
    if reasoning.redacted_content is not None:
        return {"type": "redacted_thinking", "data": reasoning.redacted_content}
    text = reasoning.reasoning_text
    return {
        "type": "thinking",
        "thinking": text.text if text else "",
        "signature": (text.signature if text else None) or "",
    }


def envelope(message_id: str, model: str) -> Json:
    return {"id": message_id, "type": "message", "role": "assistant", "model": model}


def usage(used: Tokens) -> Json:
    """Complete and cumulative; `input_tokens` are those neither read from nor written to a cache."""
    return {
        "input_tokens": used.input,
        "cache_creation_input_tokens": used.cache_write,
        "cache_read_input_tokens": used.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": used.cache_write_5m,
            "ephemeral_1h_input_tokens": used.cache_write_1h,
        },
        "output_tokens": used.output,
    }
