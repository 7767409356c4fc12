"""A Chat Completions body as a neutral prompt. The route caches prompts by itself and has no cache points."""

from collections.abc import Iterator
from typing import Any

from opencode_local.bedrock.prompt import (
    DEFAULT_MAX_TOKENS,
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

FORMAT_SCHEMAS = {"json_object": {"type": "object"}}


def prompt(body: Json, model_id: str) -> Prompt:
    """`body` has passed the rules of Chat Completions."""
    choice = body.get("tool_choice") or "auto"
    tools = {
        tool["function"]["name"]: tool["function"].get("parameters") or {"type": "object"}
        for tool in body.get("tools") or ()
    }
    said = last_words(_turns(body["messages"]))
    return Prompt(
        model_id=model_id,
        pieces=tuple(_pieces(body)),
        user_text=said.user_text,
        replies_since=said.replies_since,
        tool_results=said.tool_results,
        tools={} if choice == "none" else tools,
        forced_tool=_forced_tool(choice, tools),
        is_reasoning=(body.get("reasoning_effort") or "none") != "none",
        answer_schema=_answer_schema(body.get("response_format") or {}),
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens") or DEFAULT_MAX_TOKENS,
        stop_sequences=_stop_sequences(body.get("stop")),
    )


def _turns(messages: list[Json]) -> Iterator[Turn]:
    names = {call["id"]: call["function"]["name"] for message in messages for call in message.get("tool_calls") or ()}
    for message in messages:
        match message["role"]:
            case "user" | "assistant":
                yield Turn(is_user=message["role"] == "user", text=_text(message.get("content")))
            case "tool":
                result = ToolResult(name=names[message["tool_call_id"]], text=_text(message["content"]), is_error=False)
                yield Turn(is_user=True, text="", results=(result,))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or () if part["type"] == "text")


def _pieces(body: Json) -> Iterator[Piece]:
    for tool in body.get("tools") or ():
        yield text_piece(canonical(tool))
    for message in body["messages"]:
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or ()
        for part in parts:
            yield text_piece(part["text"]) if part["type"] == "text" else opaque_piece(canonical(part))
        for call in message.get("tool_calls") or ():
            yield text_piece(canonical(call))


def _forced_tool(choice: Any, tools: Json) -> str | None:
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        return name if name in tools else None
    return next(iter(tools), None) if choice == "required" else None


def _answer_schema(response_format: Json) -> Json | None:
    kind = response_format.get("type")
    if kind == "json_schema":
        schema: Json | None = (response_format.get("json_schema") or {}).get("schema")
        return schema
    return FORMAT_SCHEMAS.get(str(kind))


def _stop_sequences(stop: Any) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop or ())
