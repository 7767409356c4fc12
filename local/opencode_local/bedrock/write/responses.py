"""A script as OpenAI Responses answers it, whole or as events: text, function calls, nothing stored.

Shapes: the types of the openai SDK 3.52 (2026-11-21).
"""

import time
from collections.abc import Iterator

import msgspec

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.prompt_cache import Usage
from opencode_local.bedrock.refusals import Dialect, Refused, body
from opencode_local.bedrock.script import Script, Text, ToolCall
from opencode_local.bedrock.write import sse

ID_PREFIX = "call_"
INCOMPLETE = {
    "max_tokens": "max_output_tokens",
    "model_context_window_exceeded": "max_output_tokens",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}
"""Reasons of an incomplete response; all other stop reasons complete it."""


def answer(script: Script, usage: Usage, asked: Json) -> bytes:
    """The JSON body of the response."""
    return msgspec.json.encode(_finished(script, usage, asked))


def events(script: Script, usage: Usage, asked: Json) -> list[bytes]:
    """The response as server-sent events, in order."""
    return [
        sse.event({**payload, "sequence_number": number}, name=payload["type"])
        for number, payload in enumerate(_payloads(script, usage, asked))
    ]


def error_event(refused: Refused) -> bytes:
    error = body(refused, Dialect.OPENAI)["error"]
    return sse.event({"type": "error", "code": error["code"], "message": error["message"], "param": None}, name="error")


def _payloads(script: Script, usage: Usage, asked: Json) -> Iterator[Json]:
    opened = {**_response(script, asked), "status": "in_progress", "output": []}
    yield {"type": "response.created", "response": opened}
    yield {"type": "response.in_progress", "response": opened}
    for index, item in enumerate(_items(script)):
        yield from _item_payloads(index, item, script)
    finished = _finished(script, usage, asked)
    yield {"type": f"response.{finished['status']}", "response": finished}


def _item_payloads(index: int, item: Json, script: Script) -> Iterator[Json]:
    place = {"output_index": index, "item_id": item["id"]}
    is_message = item["type"] == "message"
    empty: Json = {"content": []} if is_message else {"arguments": ""}
    yield {
        "type": "response.output_item.added",
        "output_index": index,
        "item": {**item, **empty, "status": "in_progress"},
    }
    yield from _message_payloads(place, item) if is_message else _call_payloads(place, item, script)
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _message_payloads(place: Json, item: Json) -> Iterator[Json]:
    part = item["content"][0]
    inside = {**place, "content_index": 0}
    yield {"type": "response.content_part.added", **inside, "part": {**part, "text": ""}}
    for word in Text(part["text"]).deltas:
        yield {"type": "response.output_text.delta", **inside, "delta": word, "logprobs": []}
    yield {"type": "response.output_text.done", **inside, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **inside, "part": part}


def _call_payloads(place: Json, item: Json, script: Script) -> Iterator[Json]:
    call = next(call for call in script.tool_calls if _call_item(call) == item)
    for part in call.deltas:
        yield {"type": "response.function_call_arguments.delta", **place, "delta": part}
    yield {"type": "response.function_call_arguments.done", **place, "name": call.name, "arguments": call.arguments}


def _finished(script: Script, usage: Usage, asked: Json) -> Json:
    reason = INCOMPLETE.get(script.stop_reason)
    return {
        **_response(script, asked),
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": _items(script),
        "usage": {
            "input_tokens": usage.prompt,
            "input_tokens_details": {"cached_tokens": usage.cache_read},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.total,
        },
    }


def _response(script: Script, asked: Json) -> Json:
    return {
        "id": f"resp_{script.id}",
        "object": "response",
        "created_at": int(time.time()),
        "model": script.model_id,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": asked.get("temperature"),
        "tool_choice": asked.get("tool_choice") or "auto",
        "tools": asked.get("tools") or [],
        "top_p": asked.get("top_p"),
    }


def _items(script: Script) -> list[Json]:
    text = {"type": "output_text", "text": script.text, "annotations": [], "logprobs": []}
    message = {
        "id": f"msg_{script.id}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [text],
    }
    return [*([message] if script.text else []), *(_call_item(call) for call in script.tool_calls)]


def _call_item(call: ToolCall) -> Json:
    return {
        "id": f"fc_{call.stem}",
        "type": "function_call",
        "call_id": ID_PREFIX + call.stem,
        "name": call.name,
        "arguments": call.arguments,
        "status": "completed",
    }
