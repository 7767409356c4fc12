"""A script as OpenAI Responses answers it, whole or as events; nothing is stored.

Shapes: the types of the openai SDK 3.52 (2026-11-21).
"""

import time
from collections.abc import Iterator

import msgspec

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.prompt_cache import Usage
from opencode_local.bedrock.refusals import Dialect, Refused, body
from opencode_local.bedrock.script import Script
from opencode_local.bedrock.write import sse
from opencode_local.bedrock.write.responses_items import output, payloads

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
    for index, item in enumerate(output(script, asked)):
        yield from payloads(index, item)
    finished = _finished(script, usage, asked)
    yield {"type": f"response.{finished['status']}", "response": finished}


def _finished(script: Script, usage: Usage, asked: Json) -> Json:
    reason = INCOMPLETE.get(script.stop_reason)
    return {
        **_response(script, asked),
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": output(script, asked),
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
