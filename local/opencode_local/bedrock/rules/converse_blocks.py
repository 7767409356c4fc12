"""What Converse demands of single content blocks beyond its service model.

What a document's name may hold: botocore's documentation of DocumentBlock (1.43, 2026-11-21).
"""

import base64
import re
from collections.abc import Iterator
from typing import Any

from opencode_local.bedrock.images import image_format
from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.rules.claude import is_claude
from opencode_local.bedrock.signatures import is_our_redaction, is_ours

DOCUMENT_NAME = re.compile(r"[A-Za-z0-9()\[\]-]+(?:\s[A-Za-z0-9()\[\]-]+)*")
FROM_THE_MODEL = "The model returned the following errors: "


def texts(body: Json, _model_id: str) -> Iterator[str]:
    for place, block, _ in blocks_of(body):
        if _is_blank(block.get("text")):
            yield (
                f"The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try "
                "again."
            )
        for number, part in enumerate((block.get("toolResult") or {}).get("content", ())):
            if _is_blank(part.get("text")):
                yield (
                    f"The text field in the ToolResultContentBlock object at {place}.toolResult.content.{number} is "
                    "blank. Add text to the text field, and try again."
                )
    for index, block in enumerate(body.get("system") or ()):
        if _is_blank(block.get("text")):
            yield (
                f"The text field in the SystemContentBlock object at system.{index} is blank. Add text to the text "
                "field, and try again."
            )


def _is_blank(text: Any) -> bool:
    return isinstance(text, str) and not text.strip()


def files(body: Json, _model_id: str) -> Iterator[str]:
    for place, block, message in blocks_of(body):
        parts = [block, *(block.get("toolResult") or {}).get("content", ())]
        for part in parts:
            yield from _image(part.get("image"), place)
            yield from _document_name(part.get("document"))
        if block.get("document") and not any(other.get("text") for other in message["content"]):
            yield "A text block must be included when using documents."


def _image(image: Json | None, place: str) -> Iterator[str]:
    content = ((image or {}).get("source") or {}).get("bytes")
    if image is not None and content is not None:
        actual = image_format(base64.b64decode(content))
        if actual is None:
            yield f"{FROM_THE_MODEL}{place}.image.source.base64.data: Could not process image"
        elif actual != image["format"]:
            yield (
                f"{FROM_THE_MODEL}{place}.image.source.base64: The image was specified using the "
                f"image/{image['format']} media type, but the image appears to be a image/{actual} image"
            )


def _document_name(document: Json | None) -> Iterator[str]:
    if document is not None and not DOCUMENT_NAME.fullmatch(document["name"]):
        yield (
            "The document file name contains an invalid character. The file name can only contain alphanumeric "
            "characters, whitespace characters, hyphens, parentheses, and square brackets. The name can't contain more "
            "than one consecutive whitespace character."
        )


def reasoning(body: Json, model_id: str) -> Iterator[str]:
    for place, block, message in blocks_of(body):
        content = block.get("reasoningContent")
        if content is not None:
            yield from _signature(content, model_id, f"{FROM_THE_MODEL}{place}")
            earlier = message["content"][: int(place.rpartition(".")[2])]
            if any(other.get("toolUse") for other in earlier):
                yield f"{FROM_THE_MODEL}{place}: `thinking` blocks must precede `tool_use` blocks"


def _signature(content: Json, model_id: str, place: str) -> Iterator[str]:
    redacted = content.get("redactedContent")
    if redacted is not None:
        if not is_our_redaction(redacted):
            yield f"{place}: Invalid `data` in `redacted_thinking` block"
        return
    text = content["reasoningText"]
    if text.get("signature") is None:
        if is_claude(model_id):
            yield f"{place}.thinking.signature: Field required"
    elif not is_ours(text["text"], text["signature"]):
        yield f"{place}: Invalid `signature` in `thinking` block"


def blocks_of(body: Json) -> Iterator[tuple[str, Json, Json]]:
    """Every content block with its place, as the service names it, and its message."""
    for index, message in enumerate(body.get("messages") or ()):
        for position, block in enumerate(message["content"]):
            yield f"messages.{index}.content.{position}", block, message
