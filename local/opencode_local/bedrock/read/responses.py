"""A Responses body as a neutral prompt."""

from collections.abc import Iterator
from typing import Any

from opencode_local.bedrock.prompt import (
    DEFAULT_MAX_TOKENS,
    Json,
    Prompt,
    ToolResult,
    Turn,
    canonical,
    last_words,
    text_piece,
)
from opencode_local.bedrock.rules.responses import items


def prompt(body: Json, model_id: str) -> Prompt:
    """`body` has passed the rules of Responses."""
    functions = [tool for tool in body.get("tools") or () if tool.get("type") == "function"]
    said = last_words(_turns(body))
    texts = [*(canonical(tool) for tool in functions), *filter(None, [body.get("instructions")])]
    return Prompt(
        model_id=model_id,
        pieces=tuple(text_piece(text) for text in (*texts, *(_item_text(item) for item in items(body)))),
        user_text=said.user_text,
        replies_since=said.replies_since,
        tool_results=said.tool_results,
        tools={tool["name"]: tool.get("parameters") or {"type": "object"} for tool in functions},
        is_reasoning=bool(body.get("reasoning")),
        answer_schema=((body.get("text") or {}).get("format") or {}).get("schema"),
        max_tokens=body.get("max_output_tokens") or DEFAULT_MAX_TOKENS,
    )


def _turns(body: Json) -> Iterator[Turn]:
    names = {item["call_id"]: item["name"] for item in items(body) if item.get("type") == "function_call"}
    for item in items(body):
        match item.get("type", "message"):
            case "message":
                yield Turn(is_user=item["role"] == "user", text=_text(item.get("content")))
            case "function_call":
                yield Turn(is_user=False, text="")
            case "function_call_output":
                result = ToolResult(name=names[item["call_id"]], text=_text(item["output"]), is_error=False)
                yield Turn(is_user=True, text="", results=(result,))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or () if part.get("text"))


def _item_text(item: Json) -> str:
    return _text(item.get("content")) or canonical(item)
