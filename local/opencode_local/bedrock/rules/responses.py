"""What Bedrock's OpenAI-compatible Responses demand of a body. Unknown members are let through."""

from collections.abc import Iterator

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid
from opencode_local.bedrock.rules.openai_shapes import ResponsesBody, check_shape

REQUIRED = {
    "message": ("role", "content"),
    "function_call": ("call_id", "name"),
    "function_call_output": ("call_id", "output"),
    "reasoning": (),
}


def check(body: Json) -> None:
    """Raises Refused for a body that Responses would not take."""
    check_shape(body, ResponsesBody)
    for rule in (_items, _tools, _tool_pairs):
        for message in rule(body):
            raise invalid(message)


def items(body: Json) -> list[Json]:
    """The input as items: a lone string is one user message."""
    given = body["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def _items(body: Json) -> Iterator[str]:
    for index, item in enumerate(items(body)):
        for name in REQUIRED[item.get("type", "message")]:
            if item.get(name) is None:
                yield f"Missing required parameter: 'input[{index}].{name}'."


def _tools(body: Json) -> Iterator[str]:
    for index, tool in enumerate(body.get("tools") or ()):
        if tool["type"] == "function" and tool.get("name") is None:
            yield f"Missing required parameter: 'tools[{index}].name'."


def _tool_pairs(body: Json) -> Iterator[str]:
    called = [item["call_id"] for item in items(body) if item.get("type") == "function_call"]
    answered = [item["call_id"] for item in items(body) if item.get("type") == "function_call_output"]
    for name in called:
        if name not in answered:
            yield f"No tool output found for function call {name}."
    for name in answered:
        if name not in called:
            yield f"No tool call found for function call output with call_id {name}."
