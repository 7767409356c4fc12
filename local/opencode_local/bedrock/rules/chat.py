"""What Bedrock's OpenAI-compatible Chat Completions demand of a body. Unknown members are let through.

Shapes and wording: OpenAI API reference, "Create chat completion" (read 2026-11-21).
"""

from collections.abc import Iterator
from typing import Any

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid

ROLES = ("system", "developer", "user", "assistant", "tool")
PARTS = {"text": "text", "image_url": "image_url", "input_audio": "input_audio", "file": "file", "refusal": "refusal"}
"""The member that carries the content of each kind of part."""


def check(body: Json) -> None:
    """Raises Refused for a body that Chat Completions would not take."""
    for rule in RULES:
        for message in rule(body):
            raise invalid(message)


def _required(body: Json) -> Iterator[str]:
    if not isinstance(body.get("model"), str):
        yield "Missing required parameter: 'model'."
    messages = body.get("messages")
    if not isinstance(messages, list):
        yield "Missing required parameter: 'messages'."
    elif not messages:
        yield "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty one instead."


def _limits(body: Json) -> Iterator[str]:
    for name in ("max_tokens", "max_completion_tokens"):
        value = body.get(name)
        if value is not None and (not isinstance(value, int) or value < 1):
            yield f"Invalid '{name}': integer below minimum value. Expected a value >= 1, but got {value!r} instead."
    if body.get("stream_options") is not None and not body.get("stream"):
        yield "The 'stream_options' parameter is only allowed when 'stream' is enabled."


def _messages(body: Json) -> Iterator[str]:
    for index, message in enumerate(body["messages"]):
        place = f"messages[{index}]"
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            yield f"Invalid value for '{place}.role'. Supported values are: {', '.join(map(repr, ROLES))}."
            return
        yield from _content(message, f"{place}.content")
        if message["role"] == "tool" and not isinstance(message.get("tool_call_id"), str):
            yield f"Missing required parameter: '{place}.tool_call_id'."


def _content(message: Json, place: str) -> Iterator[str]:
    content = message.get("content")
    if content is None:
        if message["role"] != "assistant" or not message.get("tool_calls"):
            yield f"Invalid value for '{place}': expected a string, got null."
    elif isinstance(content, list):
        for position, part in enumerate(content):
            yield from _part(part, f"{place}[{position}]")
    elif not isinstance(content, str):
        yield f"Invalid type for '{place}': expected one of a string or array of objects."


def _part(part: Any, place: str) -> Iterator[str]:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in PARTS:
        yield f"Invalid value: '{kind}' at '{place}.type'. Supported values are: {', '.join(map(repr, PARTS))}."
    elif part.get(PARTS[kind]) is None:
        yield f"Missing required parameter: '{place}.{PARTS[kind]}'."


def _tools(body: Json) -> Iterator[str]:
    for index, tool in enumerate(body.get("tools") or ()):
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            yield f"Missing required parameter: 'tools[{index}].function.name'."


def _tool_pairs(body: Json) -> Iterator[str]:
    open_ids: list[str] = []
    for index, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_ids:
                yield (
                    f"Invalid parameter: messages[{index}] with role 'tool' must be a response to a preceding message "
                    "with 'tool_calls'."
                )
            open_ids = [name for name in open_ids if name != message["tool_call_id"]]
            continue
        if open_ids:
            break
        open_ids = [call["id"] for call in message.get("tool_calls") or ()]
    if open_ids:
        yield (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(open_ids)}"
        )


RULES = (_required, _limits, _messages, _tools, _tool_pairs)
