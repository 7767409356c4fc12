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
from opencode_local.bedrock.responses_tools import address, declared
from opencode_local.bedrock.rules.responses import PAIRS, items


def prompt(body: Json, model_id: str) -> Prompt:
    """`body` has passed the rules of Responses."""
    said = last_words(_turns(body))
    texts = [*(canonical(tool) for tool in body.get("tools") or ()), *filter(None, [body.get("instructions")])]
    return Prompt(
        model_id=model_id,
        pieces=tuple(text_piece(text) for text in (*texts, *(_item_text(item) for item in items(body)))),
        user_text=said.user_text,
        replies_since=said.replies_since,
        tool_results=said.tool_results,
        tools={name: tool.schema for name, tool in declared(body).items()},
        is_reasoning=bool(body.get("reasoning")),
        answer_schema=((body.get("text") or {}).get("format") or {}).get("schema"),
        max_tokens=body.get("max_output_tokens") or DEFAULT_MAX_TOKENS,
    )


def _turns(body: Json) -> Iterator[Turn]:
    """What developers and systems say belongs to nobody's turn."""
    calls = [item for item in items(body) if item.get("type") in PAIRS]
    names = {call["call_id"]: address(call["name"], call.get("namespace")) for call in calls}
    for item in items(body):
        match item.get("type", "message"):
            case "message" if item["role"] in ("user", "assistant"):
                yield Turn(is_user=item["role"] == "user", text=_text(item.get("content")))
            case "function_call" | "custom_tool_call":
                yield Turn(is_user=False, text="")
            case "function_call_output" | "custom_tool_call_output":
                result = ToolResult(name=names[item["call_id"]], text=_text(item["output"]), is_error=False)
                yield Turn(is_user=True, text="", results=(result,))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or () if part.get("text"))


def _item_text(item: Json) -> str:
    return _text(item.get("content")) or canonical(item)
