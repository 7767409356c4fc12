"""An Anthropic Messages body as a neutral prompt."""

from collections.abc import Iterator, Mapping
from typing import Any

from opencode_local.bedrock.prompt import (
    DEFAULT_MAX_TOKENS,
    DEFAULT_TTL,
    Json,
    Piece,
    Prompt,
    ToolResult,
    Turn,
    canonical,
    last_words,
    opaque_piece,
    text_piece,
)
from opencode_local.bedrock.rules.claude import spoken
from opencode_local.bedrock.rules.messages_blocks import blocks_of
from opencode_local.bedrock.rules.thinking import is_on


def prompt(body: Json, model_id: str) -> Prompt:
    """`body` has passed the rules of Messages."""
    tools = {tool["name"]: tool.get("input_schema") or {"type": "object"} for tool in body.get("tools") or ()}
    said = last_words(_turns(body))
    return Prompt(
        model_id=model_id,
        pieces=tuple(_pieces(body)),
        user_text=said.user_text,
        replies_since=said.replies_since,
        tool_results=said.tool_results,
        tools={} if _choice(body) == "none" else tools,
        forced_tool=_forced_tool(body, tools),
        is_reasoning=is_on(body.get("thinking")),
        answer_schema=_answer_schema(body),
        max_tokens=body.get("max_tokens") or DEFAULT_MAX_TOKENS,
        stop_sequences=tuple(body.get("stop_sequences") or ()),
    )


def _turns(body: Json) -> Iterator[Turn]:
    messages = spoken(body["messages"])
    contents = [blocks_of(message["content"]) for message in messages]
    names = {block["id"]: block["name"] for blocks in contents for block in blocks if block["type"] == "tool_use"}
    for message, blocks in zip(messages, contents, strict=True):
        yield Turn(
            is_user=message["role"] == "user",
            text="\n".join(block["text"] for block in blocks if block["type"] == "text"),
            results=tuple(_result(block, names) for block in blocks if block["type"] == "tool_result"),
        )


def _result(block: Json, names: Mapping[str, str]) -> ToolResult:
    parts = blocks_of(block.get("content"))
    return ToolResult(
        name=names[block["tool_use_id"]],
        text="\n".join(part["text"] if part["type"] == "text" else f"({part['type']})" for part in parts),
        is_error=bool(block.get("is_error")),
    )


def _pieces(body: Json) -> Iterator[Piece]:
    for tool in body.get("tools") or ():
        yield text_piece(canonical({**tool, "cache_control": None}), _ttl(tool))
    for block in blocks_of(body.get("system")):
        yield text_piece(block["text"], _ttl(block))
    last = len(body["messages"]) - 1
    for index, message in enumerate(body["messages"]):
        blocks = blocks_of(message["content"])
        for position, block in enumerate(blocks):
            is_end = index == last and position == len(blocks) - 1
            yield from _block_pieces(block, _ttl(block) or (_ttl(body) if is_end else None))


def _block_pieces(block: Json, ttl: str | None) -> Iterator[Piece]:
    match block["type"]:
        case "text":
            yield text_piece(block["text"], ttl)
        case "thinking":
            yield text_piece(block["thinking"], ttl)
        case "image" | "document":
            yield opaque_piece(canonical(block["source"]), ttl)
        case "tool_result":
            *before, last = blocks_of(block.get("content")) or [{"type": "text", "text": " "}]
            for part in before:
                yield from _block_pieces(part, None)
            yield from _block_pieces(last, ttl)
        case _:
            yield text_piece(canonical({**block, "cache_control": None}), ttl)


def _ttl(marked: Json) -> str | None:
    cache_control: Any = marked.get("cache_control")
    return str(cache_control.get("ttl") or DEFAULT_TTL) if cache_control else None


def _choice(body: Json) -> str:
    return str((body.get("tool_choice") or {}).get("type", "auto"))


def _forced_tool(body: Json, tools: Json) -> str | None:
    match _choice(body):
        case "tool":
            return str(body["tool_choice"]["name"])
        case "any":
            return next(iter(tools), None)
        case _:
            return None


def _answer_schema(body: Json) -> Json | None:
    output_format: Any = (body.get("output_config") or {}).get("format")
    return output_format["schema"] if output_format else None
