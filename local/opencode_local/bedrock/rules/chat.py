"""What Bedrock's OpenAI-compatible Chat Completions demand of a body. Unknown members are let through."""

from collections.abc import Iterator

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid
from opencode_local.bedrock.rules.openai_shapes import ChatBody, check_shape


def check(body: Json) -> None:
    """Raises Refused for a body that Chat Completions would not take."""
    check_shape(body, ChatBody)
    for rule in RULES:
        for message in rule(body):
            raise invalid(message)


def _stream_options(body: Json) -> Iterator[str]:
    if body.get("stream_options") is not None and not body.get("stream"):
        yield "The 'stream_options' parameter is only allowed when 'stream' is enabled."


def _contents(body: Json) -> Iterator[str]:
    for index, message in enumerate(body["messages"]):
        place = f"messages[{index}]"
        content = message.get("content")
        if content is None and not (message["role"] == "assistant" and message.get("tool_calls")):
            yield f"Invalid value for '{place}.content': expected a string, got null."
        if isinstance(content, list):
            for position, part in enumerate(content):
                if part.get(part["type"]) is None:
                    yield f"Missing required parameter: '{place}.content[{position}].{part['type']}'."
        if message["role"] == "tool" and message.get("tool_call_id") is None:
            yield f"Missing required parameter: '{place}.tool_call_id'."


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


RULES = (_stream_options, _contents, _tool_pairs)
