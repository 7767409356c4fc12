"""What Converse answers: the events of ConverseStream and the whole response.

Only what is read is declared; the rest is skipped without being built.

Source: Amazon Bedrock API reference, "ConverseStreamOutput" and "Converse" (read 2026-11-21).
"""

import msgspec
from msgspec import Raw, Struct

SERVER_TOOL = "server_tool_use"
"""Type of a tool use that Bedrock carries out itself."""


class Shape(Struct, gc=False, rename="camel"):
    """Base of all shapes here: JSON in, and short-lived, hence nothing for the garbage collector to follow."""


class Web(Shape):
    url: str | None = None


class Span(Shape):
    """A part of a document or search result, in its own unit: characters, pages or chunks."""

    document_index: int = 0
    search_result_index: int = 0
    start: int = 0
    end: int = 0


class Location(Shape):
    """Exactly one member is set."""

    web: Web | None = None
    document_char: Span | None = None
    document_page: Span | None = None
    document_chunk: Span | None = None
    search_result_location: Span | None = None


class TextPart(Shape):
    text: str = ""


class Citation(Shape):
    title: str | None = None
    source: str | None = None
    source_content: tuple[TextPart, ...] = ()
    location: Location | None = None


class ToolUseStart(Shape):
    tool_use_id: str
    name: str
    type: str | None = None


class BlockStart(Shape):
    """A tool use, or a block (tool result, image) whose start has other members."""

    tool_use: ToolUseStart | None = None


class ContentBlockStart(Shape):
    start: BlockStart
    content_block_index: int


class ToolUseDelta(Shape):
    input: str
    """A piece of the input's JSON."""


class ReasoningDelta(Shape):
    """Exactly one member is set."""

    text: str | None = None
    signature: str = ""
    redacted_content: bytes = b""


class Delta(Shape):
    """Exactly one member is set; a tool result's or an image's is none of these."""

    text: str | None = None
    tool_use: ToolUseDelta | None = None
    reasoning_content: ReasoningDelta | None = None
    citation: Citation | None = None


class ContentBlockDelta(Shape):
    delta: Delta
    content_block_index: int


class ContentBlockStop(Shape):
    content_block_index: int


class ModelFields(Shape, rename=None):
    """Anthropic's own response fields, as far as a request may ask for them."""

    stop_sequence: str | None = None


class MessageStop(Shape):
    stop_reason: str
    additional_model_response_fields: ModelFields | None = None


class CacheDetail(Shape):
    ttl: str
    input_tokens: int


class TokenUsage(Shape):
    """`input_tokens` leaves out what was read from or written to a cache."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    cache_details: tuple[CacheDetail, ...] | None = None


class Metadata(Shape):
    usage: TokenUsage


class ToolUse(ToolUseStart, kw_only=True):
    input: Raw
    """Any JSON, an object by convention."""


class ReasoningText(Shape):
    text: str
    signature: str | None = None


class Reasoning(Shape):
    """Exactly one member is set."""

    reasoning_text: ReasoningText | None = None
    redacted_content: bytes | None = None


class CitedContent(Shape):
    content: tuple[TextPart, ...] = ()
    citations: tuple[Citation, ...] = ()


class ContentBlock(Shape):
    """Exactly one member is set; an image, a tool result or a guard block is none of these."""

    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: Reasoning | None = None
    citations_content: CitedContent | None = None


class Message(Shape):
    content: tuple[ContentBlock, ...]


class Output(Shape):
    message: Message


class Response(MessageStop, kw_only=True):
    output: Output
    usage: TokenUsage


decode_block_start = msgspec.json.Decoder(ContentBlockStart).decode
decode_block_deltas = msgspec.json.Decoder(list[ContentBlockDelta]).decode
decode_block_stop = msgspec.json.Decoder(ContentBlockStop).decode
decode_message_stop = msgspec.json.Decoder(MessageStop).decode
decode_metadata = msgspec.json.Decoder(Metadata).decode
decode_response = msgspec.json.Decoder(Response).decode
