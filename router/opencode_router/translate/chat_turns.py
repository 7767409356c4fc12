"""The messages of a Chat Completions request, as pieces of a Converse prompt."""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

import msgspec
from msgspec import Raw

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate import base64_text, documents, images, reasoning
from opencode_router.translate import tools as tool_use
from opencode_router.translate.turns import NO_OUTPUT, Piece, Turn, cached_after, refuse_blank_end, turns
from opencode_router.wire import converse
from opencode_router.wire.anthropic_messages import CacheControl
from opencode_router.wire.openai_chat import (
    AssistantMessage,
    CacheBreakpoint,
    ContentPart,
    DeveloperMessage,
    FilePart,
    ImagePart,
    Message,
    ReasoningDetail,
    ReasoningEncrypted,
    ReasoningSummary,
    ReasoningText,
    RefusalPart,
    SystemMessage,
    TextPart,
    ToolCall,
    ToolMessage,
    UserMessage,
)

Pieces = Sequence[Piece[converse.ContentBlock]]
ARGUMENTS = msgspec.json.Decoder(dict[str, Raw])


def system_pieces(messages: Sequence[Message]) -> Sequence[Piece[converse.TextBlock]]:
    """All system and developer messages, wherever they stand: Converse has one place for instructions."""
    return [
        piece
        for index, message in enumerate(messages)
        if isinstance(message, SystemMessage | DeveloperMessage)
        for piece in instructions(message, f"messages[{index}]")
    ]


def instructions(message: SystemMessage | DeveloperMessage, param: str) -> Sequence[Piece[converse.TextBlock]]:
    parts = [TextPart(text=message.content)] if isinstance(message.content, str) else message.content
    pieces = [
        Piece[converse.TextBlock](block={"text": part.text}, param=f"{param}.content[{index}]", cache=cache_mark(part))
        for index, part in enumerate(parts)
        if part.text.strip()
    ]
    return cached_after(pieces, message.cache_control)


def conversation(messages: Sequence[Message], model: Model) -> Sequence[Turn]:
    """Raises BadRequest naming the message or part that Converse has no place for."""
    if not messages:
        raise BadRequest("at least one message is required", param="messages")
    said = [said_by(message, model, f"messages[{index}]") for index, message in enumerate(messages)]
    refuse_blank_end(said)
    return turns(said)


def said_by(message: Message, model: Model, param: str) -> tuple[converse.Role | None, Pieces]:
    """Who speaks (None: nobody, these are instructions) and what is said."""
    match message:
        case SystemMessage() | DeveloperMessage():
            return None, ()
        case UserMessage():
            return "user", cached_after(content(message.content, model, f"{param}.content"), message.cache_control)
        case AssistantMessage():
            return "assistant", cached_after(assistant_pieces(message, model, param), message.cache_control)
        case ToolMessage():
            return "user", [tool_result(message, model, param)]
    assert_never(message)


def content(
    given: str | Sequence[ContentPart], model: Model, param: str
) -> Sequence[Piece[converse.ToolResultContent]]:
    """Blank texts are left out: Converse refuses them, and they say nothing."""
    if isinstance(given, str):
        return [Piece[converse.ToolResultContent](block={"text": given}, param=param)] if given.strip() else []
    return [
        Piece(block=content_block(part, model, where), param=where, cache=cache_mark(part))
        for index, part in enumerate(given)
        for where in (f"{param}[{index}]",)
        if not isinstance(part, TextPart) or part.text.strip()
    ]


def content_block(part: ContentPart, model: Model, param: str) -> converse.ToolResultContent:
    match part:
        case TextPart():
            return {"text": part.text}
        case ImagePart():
            where = f"{param}.image_url.url"
            return images.image(base64_text.of_data_url(part.image_url.url, param=where)[1], model, param=where)
        case FilePart():
            return document(part, model, param)
    assert_never(part)


def document(part: FilePart, model: Model, param: str) -> converse.DocumentBlock:
    """From a data URL, or from bare base64 with a telling file name."""
    if part.file.file_data is None:
        raise BadRequest("only files sent along as file_data can be read", param=f"{param}.file.file_id")
    where, filename = f"{param}.file.file_data", part.file.filename or ""
    given = part.file.file_data
    is_url = given[:5].lower() == "data:"
    media_type, data = base64_text.of_data_url(given, param=where) if is_url else ("", given)
    kind = documents.document_format(base64_text.checked(data, param=where), media_type, filename, param=where)
    stem = filename.rpartition(".")[0] or filename
    return documents.document({"bytes": data}, model, kind=kind, title=stem, param=param)


def assistant_pieces(message: AssistantMessage, model: Model, param: str) -> Pieces:
    """Reasoning first, as the model produced it, then text, then tool calls."""
    details = message.reasoning_details or () if reasoning.is_replayed(model) else ()
    texts = spoken_texts(message)
    return [
        *(Piece[converse.ContentBlock](block=block, param=where) for block, where in replayed(details, param)),
        *(
            Piece[converse.ContentBlock](block={"text": text}, param=f"{param}.content", cache=cache)
            for text, cache in texts
            if text.strip()
        ),
        *(
            Piece[converse.ContentBlock](block=tool_call(call, where), param=where)
            for index, call in enumerate(message.tool_calls or ())
            for where in (f"{param}.tool_calls[{index}]",)
        ),
    ]


def spoken_texts(message: AssistantMessage) -> Sequence[tuple[str, CacheControl | None]]:
    """A refusal is what the assistant said, too."""
    refusal = [(message.refusal, None)] if message.refusal else []
    if isinstance(message.content, str):
        return [(message.content, None), *refusal]
    said = [
        (part.refusal, None) if isinstance(part, RefusalPart) else (part.text, cache_mark(part))
        for part in message.content or ()
    ]
    return [*said, *refusal]


def replayed(details: Sequence[ReasoningDetail], param: str) -> Iterable[tuple[converse.ReasoningBlock, str]]:
    """Signed thoughts and encrypted ones; text without a signature is not sent, as no model would believe it.

    A client that keeps the pieces of a stream sends one thought as several details, the signature in the last.
    """
    text = ""
    for index, detail in enumerate(details):
        where = f"{param}.reasoning_details[{index}]"
        match detail:
            case ReasoningText():
                text += detail.text or ""
                if detail.signature:
                    yield reasoning.signed(text, detail.signature), where
                    text = ""
            case ReasoningEncrypted():
                yield reasoning.redacted(detail.data, param=f"{where}.data"), where
                text = ""
            case ReasoningSummary():
                text = ""
            case _:
                assert_never(detail)


def tool_call(call: ToolCall, param: str) -> converse.ToolUseBlock:
    name = tool_use.tool_name(call.function.name, param=f"{param}.function.name")
    arguments = parsed_arguments(call.function.arguments, f"{param}.function.arguments")
    return {"toolUse": {"toolUseId": tool_use.tool_use_id(call.id), "name": name, "input": arguments}}


def parsed_arguments(text: str | None, param: str) -> Mapping[str, Raw]:
    """No text means no arguments. Raises BadRequest unless it is a JSON object."""
    if not text or not text.strip():
        return {}
    try:
        return ARGUMENTS.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest("the arguments are not a JSON object", param=param) from error


def tool_result(message: ToolMessage, model: Model, param: str) -> Piece[converse.ContentBlock]:
    """Its cache mark, wherever in the message it stood, comes after the whole result."""
    pieces = content(message.content or "", model, f"{param}.content")
    marks = [piece.cache for piece in pieces if piece.cache]
    result: converse.ToolResult = {
        "toolUseId": tool_use.tool_use_id(message.tool_call_id),
        "content": [piece.block for piece in pieces] or [NO_OUTPUT],
    }
    return Piece(
        block={"toolResult": result},
        param=f"{param}.tool_call_id",
        cache=message.cache_control or (marks[-1] if marks else None),
    )


def cache_mark(part: ContentPart) -> CacheControl | None:
    """`cache_control`, or OpenAI's own breakpoint; its longer lifetimes become an hour, the longest there is."""
    breakpoint_ = part.prompt_cache_breakpoint
    return part.cache_control or (lifetime(breakpoint_) if breakpoint_ else None)


def lifetime(given: CacheBreakpoint) -> CacheControl:
    return CacheControl(ttl="1h" if given.ttl else None)
