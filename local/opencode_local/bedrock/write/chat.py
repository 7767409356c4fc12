"""A script as OpenAI Chat Completions answers it, whole or as chunks.

Shapes: the types of the openai SDK 3.52 (2026-11-21). Reasoning comes as `reasoning`, as a public report has it of
Bedrock's OpenAI-compatible routes (openshift/lightspeed-service#3084, read 2026-11-21).
"""

import time
from collections.abc import Iterator

import msgspec

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.prompt_cache import Usage
from opencode_local.bedrock.refusals import Dialect, Refused, body
from opencode_local.bedrock.script import Reasoning, Script, Text, ToolCall
from opencode_local.bedrock.write import sse

ID_PREFIX = "call_"
DONE = b"data: [DONE]\n\n"
FINISH_REASONS = {
    "end_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "stop_sequence": "stop",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "stop",
    "malformed_tool_use": "stop",
    "model_context_window_exceeded": "length",
}


def answer(script: Script, usage: Usage, _asked: Json) -> bytes:
    """The JSON body of the response."""
    message: Json = {"role": "assistant", "content": script.text or None, "refusal": None}
    if script.reasoning:
        message["reasoning"] = script.reasoning
    if script.tool_calls:
        message["tool_calls"] = [_call(call) for call in script.tool_calls]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": FINISH_REASONS[script.stop_reason],
    }
    head = _head(script, "chat.completion")
    return msgspec.json.encode({**head, "choices": [choice], "usage": counts(usage)})


def events(script: Script, usage: Usage, asked: Json) -> list[bytes]:
    """The response as server-sent events, in order. Counts come only when `asked` wants them."""
    head = _head(script, "chat.completion.chunk")
    wants_usage = bool((asked.get("stream_options") or {}).get("include_usage"))
    silent = {"usage": None} if wants_usage else {}
    chunks = [
        sse.event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], **silent})
        for delta, finish_reason in _choices(script)
    ]
    last = [sse.event({**head, "choices": [], "usage": counts(usage)})] if wants_usage else []
    return [*chunks, *last, DONE]


def error_event(refused: Refused) -> bytes:
    return sse.event(body(refused, Dialect.OPENAI))


def counts(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _head(script: Script, kind: str) -> Json:
    return {"id": f"chatcmpl-{script.id}", "object": kind, "created": int(time.time()), "model": script.model_id}


def _call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": ID_PREFIX + call.stem, "type": "function", "function": function}


def _choices(script: Script) -> Iterator[tuple[Json, str | None]]:
    """Delta and finish reason of each chunk."""
    yield {"role": "assistant", "content": ""}, None
    for block in script.blocks:
        if isinstance(block, Reasoning) and not block.is_redacted:
            yield from (({"reasoning": word}, None) for word in block.deltas)
        elif type(block) is Text:
            yield from (({"content": word}, None) for word in block.deltas)
    for index, call in enumerate(script.tool_calls):
        opened = _call(ToolCall(call.stem, call.name, ""))
        yield {"tool_calls": [{"index": index, **opened}]}, None
        for part in call.deltas:
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}, None
    yield {}, FINISH_REASONS[script.stop_reason]
