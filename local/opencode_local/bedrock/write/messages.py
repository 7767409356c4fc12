"""A script as Anthropic Messages answers it, whole or as events.

Shapes: the types of the anthropic SDK 2.11 (2026-11-21).
"""

from collections.abc import Iterator

import msgspec

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.prompt_cache import Usage
from opencode_local.bedrock.refusals import Dialect, Refused, body
from opencode_local.bedrock.script import Block, Reasoning, Script, Text, ToolCall
from opencode_local.bedrock.signatures import redaction, signature
from opencode_local.bedrock.write import sse

ID_PREFIX = "toolu_bdrk_"
STOP_REASONS = {
    "end_turn": "end_turn",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "guardrail_intervened": "refusal",
    "content_filtered": "refusal",
    "malformed_model_output": "end_turn",
    "malformed_tool_use": "end_turn",
    "model_context_window_exceeded": "model_context_window_exceeded",
}


def answer(script: Script, usage: Usage, _asked: Json) -> bytes:
    """The JSON body of the response."""
    content = [_block(block) for block in script.blocks]
    return msgspec.json.encode({**_message(script), "content": content, **_ending(script), "usage": _counts(usage)})


def events(script: Script, usage: Usage, _asked: Json) -> list[bytes]:
    """The response as server-sent events, in order."""
    return [sse.event(payload, name=payload["type"]) for payload in payloads(script, usage)]


def error_event(refused: Refused) -> bytes:
    return sse.event(body(refused, Dialect.ANTHROPIC), name="error")


def payloads(script: Script, usage: Usage) -> Iterator[Json]:
    """The events of the response, each with its `type`."""
    start = {**_counts(usage), "output_tokens": min(1, usage.output)}
    opened = {**_message(script), "content": [], "stop_reason": None, "stop_sequence": None, "usage": start}
    yield {"type": "message_start", "message": opened}
    yield {"type": "ping"}
    for index, block in enumerate(script.blocks):
        yield {"type": "content_block_start", "index": index, "content_block": _opened(block)}
        for delta in _deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": _ending(script), "usage": _counts(usage)}
    yield {"type": "message_stop"}


def _message(script: Script) -> Json:
    return {"id": f"msg_bdrk_{script.id}", "type": "message", "role": "assistant", "model": script.model_id}


def _ending(script: Script) -> Json:
    return {"stop_reason": STOP_REASONS[script.stop_reason], "stop_sequence": script.stop_sequence}


def _counts(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write.get("5m", 0),
            "ephemeral_1h_input_tokens": usage.cache_write.get("1h", 0),
        },
        "output_tokens": usage.output,
    }


def _block(block: Block) -> Json:
    match block:
        case ToolCall():
            return {**_opened(block), "input": msgspec.json.decode(block.arguments)}
        case Reasoning(is_redacted=True):
            return _opened(block)
        case Reasoning():
            return {"type": "thinking", "thinking": block.text, "signature": signature(block.text)}
        case Text():
            return {"type": "text", "text": block.text}


def _opened(block: Block) -> Json:
    """A block as it begins: empty, but for redacted reasoning, which comes at once."""
    match block:
        case ToolCall():
            return {"type": "tool_use", "id": ID_PREFIX + block.stem, "name": block.name, "input": {}}
        case Reasoning(is_redacted=True):
            return {"type": "redacted_thinking", "data": redaction(block.text)}
        case Reasoning():
            return {"type": "thinking", "thinking": "", "signature": ""}
        case Text():
            return {"type": "text", "text": ""}


def _deltas(block: Block) -> Iterator[Json]:
    match block:
        case ToolCall():
            yield from ({"type": "input_json_delta", "partial_json": part} for part in block.deltas)
        case Reasoning(is_redacted=True):
            yield from ()
        case Reasoning():
            yield from ({"type": "thinking_delta", "thinking": word} for word in block.deltas)
            yield {"type": "signature_delta", "signature": signature(block.text)}
        case Text():
            yield from ({"type": "text_delta", "text": word} for word in block.deltas)
