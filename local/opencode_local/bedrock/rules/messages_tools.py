"""Tools of Anthropic Messages: how they are declared, called and answered.

Shapes: the types of the anthropic SDK 2.11 (2026-11-21).
"""

import re
from collections.abc import Iterator
from itertools import groupby

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.rules.messages_blocks import blocks_of, unexpected_tag
from opencode_local.bedrock.rules.tool_pairing import Mismatch, ToolTurn, mismatches

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
CLIENT_TOOL = re.compile(r"(custom|bash_|text_editor_|computer_|memory_|tool_search_).*")
"""Tools that the caller runs. Those that Anthropic runs (web search, code execution) are not on Bedrock."""
CHOICES = ("any", "auto", "none", "tool")


def tools(body: Json) -> Iterator[str]:
    declared = body.get("tools") or []
    names = [str(tool.get("name")) for tool in declared]
    for index, tool in enumerate(declared):
        yield from _tool(tool, f"tools.{index}")
    if len(set(names)) < len(names):
        yield "tools: Tool names must be unique."
    choice = body.get("tool_choice") or {"type": "auto"}
    if choice.get("type") not in CHOICES:
        yield unexpected_tag("tool_choice", choice.get("type"), CHOICES)
    elif choice["type"] == "tool" and choice.get("name") not in names:
        yield f"Tool '{choice.get('name')}' not found in provided tools"


def _tool(tool: Json, place: str) -> Iterator[str]:
    kind = str(tool.get("type") or "custom")
    if not CLIENT_TOOL.fullmatch(kind):
        yield unexpected_tag(place, kind, ["custom"])
    name = tool.get("name")
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
        yield f"{place}.{kind}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
    if kind == "custom" and not isinstance(tool.get("input_schema"), dict):
        yield f"{place}.custom.input_schema: Field required"
    elif kind == "custom" and tool["input_schema"].get("type") != "object":
        yield f"{place}.custom.input_schema.type: Input should be 'object'"


def tool_pairs(body: Json) -> Iterator[str]:
    turns = [
        _tool_turn(role, [block for message in group for block in blocks_of(message["content"])])
        for role, group in groupby(body["messages"], key=lambda message: message["role"])
    ]
    for turn in turns:
        for name in (*turn.calls, *turn.results):
            if not TOOL_ID.fullmatch(name):
                yield f"messages: tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$', not '{name}'"
    for mismatch in mismatches(turns):
        yield _mismatch(mismatch)


def _tool_turn(role: str, blocks: list[Json]) -> ToolTurn:
    results = [block["tool_use_id"] if block["type"] == "tool_result" else None for block in blocks]
    leading = results.index(None) if None in results else len(results)
    return ToolTurn(
        is_user=role == "user",
        calls=[block["id"] for block in blocks if block["type"] == "tool_use"],
        results=[result for result in results[:leading] if result],
        late_results=[result for result in results[leading:] if result],
    )


def _mismatch(mismatch: Mismatch) -> str:
    kind, turn, ids = mismatch
    match kind:
        case "unanswered":
            return (
                f"messages.{turn}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(ids)}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
                "message."
            )
        case "unasked":
            return (
                f"messages.{turn}.content: unexpected `tool_use_id` found in `tool_result` blocks: {', '.join(ids)}. "
                "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            )
        case _:
            return f"messages: `tool_use` ids must be unique, but {', '.join(ids)} occurs more than once"
