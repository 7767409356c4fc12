"""What Bedrock demands of an Anthropic Messages body, on its own route and inside InvokeModel.

Shapes: the types of the anthropic SDK 2.11 (2026-11-21), less what Bedrock does not serve.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid
from opencode_local.bedrock.rules.anthropic_headers import INVOKE_VERSION
from opencode_local.bedrock.rules.claude import spoken, system_turns
from opencode_local.bedrock.rules.messages_blocks import (
    BLOCKS,
    SYSTEM_BLOCKS,
    TYPE_NAMES,
    block_violations,
    blocks_of,
    content_violations,
)
from opencode_local.bedrock.rules.messages_tools import tool_pairs, tools
from opencode_local.bedrock.rules.thinking import Sampling, is_on, thinking_violations

Rule: TypeAlias = Callable[[Json], Iterator[str]]

PROMPT_FIELDS = frozenset(
    {"messages", "system", "tools", "tool_choice", "thinking", "output_config", "context_management", "cache_control"}
)
SAMPLING_FIELDS = frozenset({"max_tokens", "temperature", "top_p", "top_k", "stop_sequences", "metadata"})
VERSION_FIELDS = frozenset({"anthropic_version", "anthropic_beta"})
MESSAGES_FIELDS = PROMPT_FIELDS | SAMPLING_FIELDS | VERSION_FIELDS | {"model", "stream"}
INVOKE_FIELDS = PROMPT_FIELDS | SAMPLING_FIELDS | VERSION_FIELDS
COUNT_FIELDS = PROMPT_FIELDS | VERSION_FIELDS | {"model"}

TYPES: Mapping[str, type] = {
    "model": str,
    "messages": list,
    "tools": list,
    "tool_choice": dict,
    "thinking": dict,
    "output_config": dict,
    "context_management": dict,
    "cache_control": dict,
    "metadata": dict,
    "stop_sequences": list,
    "anthropic_beta": list,
}
MOST_CACHE_POINTS = 4


def check(body: Json, model_id: str) -> None:
    """Raises Refused for a body that POST /anthropic/v1/messages would not take."""
    _check_fields(body, MESSAGES_FIELDS, ("model", "max_tokens", "messages"))
    _check(body, model_id)


def check_invoke(body: Json, model_id: str) -> None:
    """Raises Refused for a body that InvokeModel would not take for a Claude model."""
    if body.get("anthropic_version") != INVOKE_VERSION:
        raise invalid(f"anthropic_version: Input should be '{INVOKE_VERSION}'")
    _check_fields(body, INVOKE_FIELDS, ("max_tokens", "messages"))
    _check(body, model_id)


def check_count(body: Json, model_id: str) -> None:
    """Raises Refused for a body that POST /anthropic/v1/messages/count_tokens would not take."""
    _check_fields(body, COUNT_FIELDS, ("model", "messages"))
    _check(body, model_id)


def _check_fields(body: Json, known: frozenset[str], required: tuple[str, ...]) -> None:
    for name in sorted(body.keys() - known):
        raise invalid(f"{name}: Extra inputs are not permitted")
    for name in required:
        if body.get(name) is None:
            raise invalid(f"{name}: Field required")


def _check(body: Json, model_id: str) -> None:
    for message in _shape_violations(body):
        raise invalid(message)
    for message in system_turns(body["messages"], model_id):
        raise invalid(message)
    conversation = {**body, "messages": spoken(body["messages"])}
    for rule in RULES:
        for message in rule(conversation):
            raise invalid(message)


def _shape_violations(body: Json) -> Iterator[str]:
    yield from _types(body)
    yield from _scalars(body)
    yield from _message_shapes(body)


def _types(body: Json) -> Iterator[str]:
    for name, expected in TYPES.items():
        if body.get(name) is not None and not isinstance(body[name], expected):
            yield f"{name}: Input should be a valid {TYPE_NAMES[expected]}"
    for name in ("tools", "anthropic_beta"):
        item = dict if name == "tools" else str
        for index, value in enumerate(body.get(name) or ()):
            if not isinstance(value, item):
                yield f"{name}.{index}: Input should be a valid {TYPE_NAMES[item]}"
    output_format = (body.get("output_config") or {}).get("format")
    if output_format is not None and (
        not isinstance(output_format, dict)
        or output_format.get("type") != "json_schema"
        or not isinstance(output_format.get("schema"), dict)
    ):
        yield "output_config.format.schema: Field required"


def _scalars(body: Json) -> Iterator[str]:
    max_tokens = body.get("max_tokens", 1)
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool):
        yield "max_tokens: Input should be a valid integer"
    elif max_tokens < 1:
        yield "max_tokens: Input should be greater than or equal to 1"
    for name in ("temperature", "top_p"):
        value = body.get(name)
        if value is not None and (not isinstance(value, int | float) or not 0 <= value <= 1):
            yield f"{name}: range: 0..1"
    stops = body.get("stop_sequences") or []
    if not isinstance(stops, list) or any(not isinstance(stop, str) or not stop.strip() for stop in stops):
        yield "stop_sequences: each stop sequence must contain non-whitespace"


def _message_shapes(body: Json) -> Iterator[str]:
    messages = body["messages"]
    if not messages:
        yield "messages: at least one message is required"
    else:
        for index, message in enumerate(messages):
            yield from _message_shape(message, f"messages.{index}")


def _message_shape(message: Any, place: str) -> Iterator[str]:
    if not isinstance(message, dict) or str(message.get("role")) not in BLOCKS:
        yield f"{place}.role: Input should be 'user', 'assistant' or 'system'"
        return
    for name in sorted(message.keys() - {"role", "content"}):
        yield f"{place}.{name}: Extra inputs are not permitted"
    content = message.get("content")
    if not isinstance(content, str | list):
        yield f"{place}.content: Input should be a valid list"
    elif isinstance(content, list):
        for position, block in enumerate(content):
            yield from block_violations(block, f"{place}.content.{position}", BLOCKS[message["role"]])


def _contents(body: Json) -> Iterator[str]:
    messages = body["messages"]
    if messages[0]["role"] != "user":
        yield 'messages: first message must use the "user" role'
    for index, message in enumerate(messages):
        if not message["content"] and (message["role"] == "user" or index + 1 < len(messages)):
            yield (
                f"messages.{index}: all messages must have non-empty content except for the optional final assistant "
                "message"
            )
        for position, block in enumerate(blocks_of(message["content"])):
            yield from content_violations(block, f"messages.{index}.content.{position}")


def _system(body: Json) -> Iterator[str]:
    system = body.get("system")
    if isinstance(system, list):
        for index, block in enumerate(system):
            yield from block_violations(block, f"system.{index}", SYSTEM_BLOCKS)
            if block["text"] == "":
                yield "system: text content blocks must be non-empty"
    elif not isinstance(system, str | None):
        yield "system: Input should be a valid string"


def _cache_points(body: Json) -> Iterator[str]:
    system = body.get("system")
    blocks = [
        *(body.get("tools") or ()),
        *(system if isinstance(system, list) else ()),
        *(block for message in body["messages"] for block in blocks_of(message["content"])),
        body,
    ]
    count = sum(1 for block in blocks if block.get("cache_control"))
    if count > MOST_CACHE_POINTS:
        yield f"A maximum of {MOST_CACHE_POINTS} blocks with cache_control may be provided. Found {count}."


def _thinking(body: Json) -> Iterator[str]:
    thinking = body.get("thinking")
    sampling = Sampling(
        max_tokens=body.get("max_tokens", 2**31),
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
        top_k=body.get("top_k"),
        forces_tool=(body.get("tool_choice") or {}).get("type") in ("any", "tool"),
    )
    yield from thinking_violations(thinking, sampling)
    if is_on(thinking):
        yield from _thinking_turns(body["messages"], body["thinking"]["type"])


def _thinking_turns(messages: list[Json], kind: str) -> Iterator[str]:
    last = messages[-1]
    if last["role"] == "assistant":
        yield (
            "This model does not support assistant message prefill while thinking is enabled. The conversation must "
            "end with a user message."
        )
        return
    answers = any(block["type"] == "tool_result" for block in blocks_of(last["content"]))
    if kind == "enabled" and answers:
        index = next(index for index in reversed(range(len(messages))) if messages[index]["role"] == "assistant")
        first = blocks_of(messages[index]["content"])[0]["type"]
        if first not in ("thinking", "redacted_thinking"):
            yield (
                f"messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`. "
                "When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding "
                "the lastmost set of `tool_use` and `tool_result` blocks)."
            )


RULES: tuple[Rule, ...] = (
    _contents,
    _system,
    tools,
    tool_pairs,
    _cache_points,
    _thinking,
)
