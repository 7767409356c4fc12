"""A Converse body as a neutral prompt."""

from collections.abc import Iterator

from opencode_local.bedrock.prompt import (
    DEFAULT_MAX_TOKENS,
    DEFAULT_TTL,
    Json,
    Piece,
    Prompt,
    ToolResult,
    Turn,
    canonical,
    json_object,
    last_words,
    opaque_piece,
    text_piece,
)
from opencode_local.bedrock.rules.claude import spoken
from opencode_local.bedrock.rules.thinking import is_on


def prompt(body: Json, model_id: str) -> Prompt:
    """`body` has passed the rules of Converse."""
    fields = body.get("additionalModelRequestFields") or {}
    config = body.get("inferenceConfig") or {}
    tools = {
        tool["toolSpec"]["name"]: tool["toolSpec"]["inputSchema"]["json"]
        for tool in (body.get("toolConfig") or {}).get("tools", ())
        if tool.get("toolSpec")
    }
    said = last_words(_turns(body))
    return Prompt(
        model_id=model_id,
        pieces=_with_cache_points(_pieces(body)),
        user_text=said.user_text,
        replies_since=said.replies_since,
        tool_results=said.tool_results,
        tools=tools,
        forced_tool=_forced_tool(body, tools),
        is_reasoning=is_on(fields.get("thinking")) or fields.get("reasoning_effort", "none") != "none",
        answer_schema=_answer_schema(body),
        max_tokens=config.get("maxTokens") or DEFAULT_MAX_TOKENS,
        stop_sequences=tuple(config.get("stopSequences") or ()),
    )


def _turns(body: Json) -> Iterator[Turn]:
    names = {
        block["toolUse"]["toolUseId"]: block["toolUse"]["name"]
        for message in body.get("messages") or ()
        for block in message["content"]
        if block.get("toolUse")
    }
    for message in spoken(body.get("messages") or []):
        yield Turn(
            is_user=message["role"] == "user",
            text="\n".join(block["text"] for block in message["content"] if block.get("text")),
            results=tuple(
                ToolResult(
                    name=names[result["toolUseId"]],
                    text="\n".join(_result_text(part) for part in result["content"]),
                    is_error=result.get("status") == "error",
                )
                for block in message["content"]
                if (result := block.get("toolResult"))
            ),
        )


def _result_text(part: Json) -> str:
    kind, content = next(iter(part.items()))
    match kind:
        case "text":
            return str(content)
        case "json":
            return canonical(content)
        case _:
            return f"({kind})"


def _pieces(body: Json) -> Iterator[Piece | str]:
    """Pieces in reading order; a lone string is the lifetime of a cache point after the piece before it."""
    for tool in (body.get("toolConfig") or {}).get("tools", ()):
        yield from _block_pieces(tool)
    for block in body.get("system") or ():
        yield from _block_pieces(block)
    for message in body.get("messages") or ():
        for block in message["content"]:
            yield from _block_pieces(block)


def _block_pieces(block: Json) -> Iterator[Piece | str]:
    name, content = next((name, content) for name, content in block.items() if content is not None)
    match name:
        case "cachePoint":
            yield content.get("ttl") or DEFAULT_TTL
        case "text":
            yield text_piece(content)
        case "image" | "document" | "video" | "audio":
            yield opaque_piece(canonical(content))
        case "toolResult":
            for part in content["content"]:
                yield from _block_pieces(part)
        case "reasoningContent":
            yield text_piece((content.get("reasoningText") or {}).get("text") or canonical(content))
        case _:
            yield text_piece(canonical(content))


def _with_cache_points(pieces: Iterator[Piece | str]) -> tuple[Piece, ...]:
    marked: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Piece):
            marked.append(piece)
        elif marked:
            marked[-1] = Piece(text=marked[-1].text, tokens=marked[-1].tokens, cache_ttl=piece)
    return tuple(marked)


def _forced_tool(body: Json, tools: Json) -> str | None:
    choice = (body.get("toolConfig") or {}).get("toolChoice") or {}
    if choice.get("tool"):
        return str(choice["tool"]["name"])
    return next(iter(tools), None) if choice.get("any") is not None else None


def _answer_schema(body: Json) -> Json | None:
    text_format = (body.get("outputConfig") or {}).get("textFormat")
    return json_object(text_format["structure"]["jsonSchema"]["schema"]) if text_format else None
