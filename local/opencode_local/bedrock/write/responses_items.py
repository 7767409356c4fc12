"""The items of a response, each whole and as the events that build it: reasoning, text, calls of tools.

Shapes: the types of the openai SDK 3.52 (2026-11-21).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from opencode_local.bedrock.prompt import Json, json_object
from opencode_local.bedrock.responses_tools import Declared, declared
from opencode_local.bedrock.script import Script, Text, ToolCall
from opencode_local.bedrock.signatures import redaction

ID_PREFIX = "call_"
SEALED = "reasoning.encrypted_content"
"""What `include` has to name, for reasoning that the caller sends back."""


class CallWords(NamedTuple):
    """How a kind of call names its argument, and the events that bring it."""

    member: str
    event: str


CALLS: Mapping[str, CallWords] = {
    "function_call": CallWords("arguments", "response.function_call_arguments"),
    "custom_tool_call": CallWords("input", "response.custom_tool_call_input"),
}
"""By the item's type."""


def output(script: Script, asked: Json) -> list[Json]:
    """All items, in order."""
    tools = declared(asked)
    return [
        *([_reasoning(script, asked)] if script.reasoning else []),
        *([_message(script)] if script.text else []),
        *(_call(call, tools[call.name]) for call in script.tool_calls),
    ]


def payloads(index: int, item: Json) -> Iterator[Json]:
    """The events that build one item."""
    kind = item["type"]
    member = CALLS[kind].member if kind in CALLS else "content"
    empty: Json = {"reasoning": {"summary": []}, "message": {"content": []}}.get(kind, {member: ""})
    opened = {**item, **empty, "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": index, "item": opened}
    yield from _inner_payloads({"output_index": index, "item_id": item["id"]}, item)
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _inner_payloads(place: Json, item: Json) -> Iterator[Json]:
    match item["type"]:
        case "message":
            yield from _message_payloads({**place, "content_index": 0}, item["content"][0])
        case "reasoning":
            yield from _summary_payloads({**place, "summary_index": 0}, item["summary"][0])
        case kind:
            yield from _call_payloads(place, item, CALLS[kind])


def _message_payloads(place: Json, part: Json) -> Iterator[Json]:
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    for word in Text(part["text"]).deltas:
        yield {"type": "response.output_text.delta", **place, "delta": word, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}


def _summary_payloads(place: Json, part: Json) -> Iterator[Json]:
    yield {"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}}
    for word in Text(part["text"]).deltas:
        yield {"type": "response.reasoning_summary_text.delta", **place, "delta": word}
    yield {"type": "response.reasoning_summary_text.done", **place, "text": part["text"]}
    yield {"type": "response.reasoning_summary_part.done", **place, "part": part}


def _call_payloads(place: Json, item: Json, words: CallWords) -> Iterator[Json]:
    whole = item[words.member]
    for part in ToolCall(stem="", name=item["name"], arguments=whole).deltas:
        yield {"type": f"{words.event}.delta", **place, "delta": part}
    yield {"type": f"{words.event}.done", **place, "name": item["name"], words.member: whole}


def _reasoning(script: Script, asked: Json) -> Json:
    """Readable as a summary; sealed as well, where the caller wants to send it back."""
    is_sealed = SEALED in (asked.get("include") or ())
    return {
        "id": f"rs_{script.id}",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": script.reasoning}],
        **({"encrypted_content": redaction(script.reasoning)} if is_sealed else {}),
    }


def _message(script: Script) -> Json:
    text = {"type": "output_text", "text": script.text, "annotations": [], "logprobs": []}
    return {
        "id": f"msg_{script.id}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [text],
    }


def _call(call: ToolCall, tool: Declared) -> Json:
    namespace = {"namespace": tool.namespace} if tool.namespace else {}
    named = {"call_id": ID_PREFIX + call.stem, "name": tool.name, **namespace, "status": "completed"}
    if tool.is_free_text:
        text = json_object(call.arguments).get("input", "")
        return {"id": f"ctc_{call.stem}", "type": "custom_tool_call", **named, "input": str(text)}
    return {"id": f"fc_{call.stem}", "type": "function_call", **named, "arguments": call.arguments}
