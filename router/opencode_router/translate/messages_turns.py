"""The messages of an Anthropic Messages request, as pieces of a Converse prompt."""

from collections.abc import Sequence
from typing import TypeVar, assert_never

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate import base64_text, documents, images, reasoning
from opencode_router.translate import tools as tool_use
from opencode_router.translate.turns import NO_OUTPUT, Piece, Turn, refuse_blank_end, turns
from opencode_router.wire import converse
from opencode_router.wire.anthropic_messages import (
    AssistantBlock,
    AssistantMessage,
    Base64Source,
    ContentSource,
    Document,
    FileSource,
    Image,
    Message,
    RedactedThinking,
    Request,
    SystemMessage,
    Text,
    TextSource,
    Thinking,
    ToolResult,
    ToolUse,
    UrlSource,
    UserBlock,
    UserMessage,
)

B = TypeVar("B")
Pieces = Sequence[Piece[converse.ContentBlock]]
Attachment = Text | Image | Document


def system_pieces(body: Request) -> Sequence[Piece[converse.TextBlock]]:
    """`system`, then system messages: Converse has one place for instructions."""
    return [
        *instructions(body.system or (), "system"),
        *(
            piece
            for index, message in enumerate(body.messages)
            if isinstance(message, SystemMessage)
            for piece in instructions(message.content, f"messages[{index}].content")
        ),
    ]


def instructions(given: str | Sequence[Text], param: str) -> Sequence[Piece[converse.TextBlock]]:
    return [
        Piece[converse.TextBlock](block={"text": text.text}, param=where, cache=text.cache_control)
        for text, where in each(given, param)
        if text.text.strip()
    ]


def each(given: str | Sequence[B], param: str) -> Sequence[tuple[B | Text, str]]:
    """Blocks with their places; a bare string is one text."""
    if isinstance(given, str):
        return [(Text(text=given), param)]
    return [(block, f"{param}[{index}]") for index, block in enumerate(given)]


def conversation(messages: Sequence[Message], model: Model) -> Sequence[Turn]:
    """Raises BadRequest naming the message or block that Converse has no place for."""
    if not messages:
        raise BadRequest("at least one message is required", param="messages")
    said = [said_by(message, model, f"messages[{index}].content") for index, message in enumerate(messages)]
    refuse_blank_end(said)
    return turns(said)


def said_by(message: Message, model: Model, param: str) -> tuple[converse.Role | None, Pieces]:
    """Who speaks (None: nobody, these are instructions) and what is said."""
    match message:
        case SystemMessage():
            return None, ()
        case UserMessage(content=content):
            return "user", [user_piece(block, model, where) for block, where in each(content, param) if says(block)]
        case AssistantMessage(content=content):
            return "assistant", [
                piece
                for block, where in each(content, param)
                if says(block)
                for piece in assistant_pieces(block, model, where)
            ]
    assert_never(message)


def says(block: UserBlock | AssistantBlock) -> bool:
    """Converse refuses blank texts, and they say nothing."""
    return not isinstance(block, Text) or bool(block.text.strip())


def user_piece(block: UserBlock, model: Model, param: str) -> Piece[converse.ContentBlock]:
    if isinstance(block, ToolResult):
        return tool_result(block, model, param)
    return Piece(block=attachment(block, model, param), param=param, cache=block.cache_control)


def attachment(block: Attachment, model: Model, param: str) -> converse.ToolResultContent:
    match block:
        case Text():
            return {"text": block.text}
        case Image(source=source):
            return images.image(sent_along(source, f"{param}.source"), model, param=f"{param}.source.data")
        case Document():
            return document(block, model, param)
    assert_never(block)


def sent_along(source: Base64Source | UrlSource | FileSource, param: str) -> str:
    """The base64 of a source. Raises BadRequest for what would have to be fetched."""
    if isinstance(source, Base64Source):
        return source.data
    field = "url" if isinstance(source, UrlSource) else "file_id"
    raise BadRequest("only content sent along as base64 can be read", param=f"{param}.{field}")


def document(block: Document, model: Model, param: str) -> converse.DocumentBlock:
    source, kind = document_source(block, param)
    made = documents.document(source, model, kind=kind, title=block.title or "", param=param)
    details: converse.Document = made["document"]
    if block.context and block.context.strip():
        details = {**details, "context": block.context}
    if block.citations and block.citations.enabled:
        details = {**details, "citations": {"enabled": True}}
    return {"document": details}


def document_source(block: Document, param: str) -> tuple[converse.Bytes | converse.DocumentContent, str | None]:
    """The source and, where it is a file, its format."""
    source = block.source
    match source:
        case TextSource(data=data):
            if not data.strip():
                raise BadRequest("the document is blank", param=f"{param}.source.data")
            return {"bytes": base64_text.encoded(data)}, "txt"
        case ContentSource(content=content):
            texts: Sequence[converse.TextBlock] = [
                {"text": part.text} for part, _ in each(content, param) if part.text.strip()
            ]
            if not texts:
                raise BadRequest("the document is blank", param=f"{param}.source.content")
            return {"content": texts}, None
        case Base64Source() | UrlSource() | FileSource():
            where = f"{param}.source.data"
            data = base64_text.checked(sent_along(source, f"{param}.source"), param=where)
            media_type = source.media_type if isinstance(source, Base64Source) else ""
            return {"bytes": data}, documents.document_format(data, media_type, block.title or "", param=where)
    assert_never(source)


def tool_result(block: ToolResult, model: Model, param: str) -> Piece[converse.ContentBlock]:
    """Its cache mark, wherever inside it stood, comes after the whole result."""
    parts = [(part, where) for part, where in each(block.content or (), f"{param}.content") if says(part)]
    marks = [part.cache_control for part, _ in parts if part.cache_control]
    result: converse.ToolResult = {
        "toolUseId": tool_use.tool_use_id(block.tool_use_id),
        "content": [attachment(part, model, where) for part, where in parts] or [NO_OUTPUT],
    }
    if block.is_error:
        result = {**result, "status": "error"}
    return Piece(
        block={"toolResult": result},
        param=f"{param}.tool_use_id",
        cache=block.cache_control or (marks[-1] if marks else None),
    )


def assistant_pieces(block: AssistantBlock, model: Model, param: str) -> Pieces:
    """One piece, or none for a thought that cannot be sent back: unsigned, or to a model that signs none."""
    match block:
        case Text():
            return [Piece(block={"text": block.text}, param=param, cache=block.cache_control)]
        case ToolUse():
            return [Piece(block=tool_call(block, param), param=f"{param}.id", cache=block.cache_control)]
        case Thinking(thinking=thought, signature=signature):
            if not signature or not reasoning.is_replayed(model):
                return []
            return [Piece(block=reasoning.signed(thought, signature), param=param)]
        case RedactedThinking(data=data):
            if not reasoning.is_replayed(model):
                return []
            return [Piece(block=reasoning.redacted(data, param=f"{param}.data"), param=param)]
    assert_never(block)


def tool_call(block: ToolUse, param: str) -> converse.ToolUseBlock:
    name = tool_use.tool_name(block.name, param=f"{param}.name")
    return {"toolUse": {"toolUseId": tool_use.tool_use_id(block.id), "name": name, "input": block.input}}
