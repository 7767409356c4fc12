"""Content blocks of Anthropic Messages, one shape per `type`.

Shapes: the types of the anthropic SDK 2.11 (2026-11-21). Wording: validation errors of that API as quoted in public bug
reports (anthropics/claude-code#94, anomalyco/opencode#3077, can1357/oh-my-pi#333, read 2026-11-21).
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from opencode_local.bedrock.images import image_format
from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.signatures import is_our_redaction, is_ours


class Members(NamedTuple):
    required: Mapping[str, type | tuple[type, ...]]
    optional: frozenset[str] = frozenset()


CACHED = frozenset({"cache_control"})
USER_BLOCKS: Mapping[str, Members] = {
    "text": Members({"text": str}, CACHED | {"citations"}),
    "image": Members({"source": dict}, CACHED),
    "document": Members({"source": dict}, CACHED | {"title", "context", "citations"}),
    "search_result": Members({"source": str, "title": str, "content": list}, CACHED | {"citations"}),
    "tool_result": Members({"tool_use_id": str}, CACHED | {"content", "is_error"}),
}
ASSISTANT_BLOCKS: Mapping[str, Members] = {
    "text": USER_BLOCKS["text"],
    "tool_use": Members({"id": str, "name": str, "input": dict}, CACHED | {"caller"}),
    "thinking": Members({"thinking": str, "signature": str}),
    "redacted_thinking": Members({"data": str}),
}
SYSTEM_BLOCKS = {"text": USER_BLOCKS["text"]}
BLOCKS = {"user": USER_BLOCKS, "assistant": ASSISTANT_BLOCKS, "system": SYSTEM_BLOCKS}
RESULT_BLOCKS = {kind: members for kind, members in USER_BLOCKS.items() if kind != "tool_result"}


def unexpected_tag(place: str, tag: object, expected: Iterable[str]) -> str:
    tags = ", ".join(f"'{name}'" for name in sorted(expected))
    return f"{place}: Input tag '{tag}' found using 'type' does not match any of the expected tags: {tags}"


def block_violations(block: Any, place: str, shapes: Mapping[str, Members]) -> Iterator[str]:
    """What is wrong with one block at `place`, e.g. "messages.0.content.1"."""
    kind = str(block.get("type")) if isinstance(block, dict) else "None"
    if kind not in shapes:
        yield unexpected_tag(place, kind, shapes)
        return
    members = shapes[kind]
    for name, expected in members.required.items():
        if block.get(name) is None:
            yield f"{place}.{kind}.{name}: Field required"
        elif not isinstance(block[name], expected):
            yield f"{place}.{kind}.{name}: Input should be a valid {TYPE_NAMES[expected]}"
    for name in block.keys() - members.required.keys() - members.optional - {"type"}:
        yield f"{place}.{kind}.{name}: Extra inputs are not permitted"
    yield from _cache_control(block.get("cache_control"), f"{place}.{kind}")


def content_violations(block: Json, place: str) -> Iterator[str]:
    """What is wrong with the content of a well-shaped block."""
    match block["type"]:
        case "text" if not block["text"]:
            yield "messages: text content blocks must be non-empty"
        case "text" if not block["text"].strip():
            yield "messages: text content blocks must contain non-whitespace text"
        case "image":
            yield from _image(block["source"], f"{place}.image.source")
        case "thinking" if not is_ours(block["thinking"], block["signature"]):
            yield f"{place}: Invalid `signature` in `thinking` block"
        case "redacted_thinking" if not is_our_redaction(block["data"]):
            yield f"{place}: Invalid `data` in `redacted_thinking` block"
        case "tool_result":
            yield from _result(block.get("content"), f"{place}.tool_result.content")


def _result(content: Any, place: str) -> Iterator[str]:
    if not isinstance(content, str | list | None):
        yield f"{place}: Input should be a valid list"
        return
    for number, part in enumerate(content if isinstance(content, list) else ()):
        wrong = list(block_violations(part, f"{place}.{number}", RESULT_BLOCKS))
        yield from wrong or content_violations(part, f"{place}.{number}")


def _image(source: Json, place: str) -> Iterator[str]:
    if source.get("type") != "base64":
        yield unexpected_tag(place, source.get("type"), ["base64"])
        return
    try:
        content = base64.b64decode(source.get("data", ""), validate=True)
    except ValueError:
        yield f"{place}.base64.data: Invalid base64 data"
        return
    actual = image_format(content)
    if actual is None:
        yield f"{place}.base64.data: Could not process image"
    elif source.get("media_type") != f"image/{actual}":
        yield (
            f"{place}.base64: The image was specified using the {source.get('media_type')} media type, but the image "
            f"appears to be a image/{actual} image"
        )


def _cache_control(cache_control: Any, place: str) -> Iterator[str]:
    if cache_control is None:
        return
    if not isinstance(cache_control, dict) or cache_control.get("type") != "ephemeral":
        yield f"{place}.cache_control.type: Input should be 'ephemeral'"
    elif cache_control.get("ttl", "5m") not in ("5m", "1h"):
        yield f"{place}.cache_control.ephemeral.ttl: Input should be '5m' or '1h'"
    elif extra := cache_control.keys() - {"type", "ttl"}:
        yield f"{place}.cache_control.ephemeral.{min(extra)}: Extra inputs are not permitted"


TYPE_NAMES: Mapping[type | tuple[type, ...], str] = {str: "string", dict: "dictionary", list: "list"}


def blocks_of(content: Any) -> list[Json]:
    """Content as blocks: a lone string is one text block."""
    return [{"type": "text", "text": content}] if isinstance(content, str) and content else list(content or ())
