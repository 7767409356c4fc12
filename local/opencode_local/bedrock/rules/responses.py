"""What Bedrock's OpenAI-compatible Responses demand of a body. Unknown members are let through.

Shapes and wording: OpenAI API reference, "Create a model response" (read 2026-11-21).
"""

from collections.abc import Iterator

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid

ITEMS = ("message", "function_call", "function_call_output", "reasoning")


def check(body: Json) -> None:
    """Raises Refused for a body that Responses would not take."""
    for rule in (_required, _items, _tool_pairs):
        for message in rule(body):
            raise invalid(message)


def items(body: Json) -> list[Json]:
    """The input as items: a lone string is one user message."""
    given = body["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def _required(body: Json) -> Iterator[str]:
    if not isinstance(body.get("model"), str):
        yield "Missing required parameter: 'model'."
    if not isinstance(body.get("input"), str | list) or not body["input"]:
        yield "Missing required parameter: 'input'."


def _items(body: Json) -> Iterator[str]:
    for index, item in enumerate(items(body)):
        kind = item.get("type", "message") if isinstance(item, dict) else None
        if kind not in ITEMS:
            yield f"Invalid value: '{kind}' at 'input[{index}].type'. Supported values are: {', '.join(ITEMS)}."
        elif kind == "message" and item.get("role") not in ("user", "assistant", "system", "developer"):
            yield f"Invalid value: '{item.get('role')}' at 'input[{index}].role'."


def _tool_pairs(body: Json) -> Iterator[str]:
    called = [item["call_id"] for item in items(body) if item.get("type") == "function_call"]
    answered = [item["call_id"] for item in items(body) if item.get("type") == "function_call_output"]
    for name in called:
        if name not in answered:
            yield f"No tool output found for function call {name}."
    for name in answered:
        if name not in called:
            yield f"No tool call found for function call output with call_id {name}."
