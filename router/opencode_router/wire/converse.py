"""The body of Converse and ConverseStream: what they take, less the model's id, which stands in the URL.

Values are ready for JSON: blobs are base64 text. Only members that this gateway sends are listed.
Source: botocore 1.43, bedrock-runtime service model 2023-09-30 (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict, final

from msgspec import Raw

JsonObject = Mapping[str, Raw]


@final
class CachePoint(TypedDict):
    type: Literal["default"]
    ttl: NotRequired[str]


@final
class CachePointBlock(TypedDict):
    cachePoint: CachePoint


@final
class TextBlock(TypedDict):
    text: str


@final
class Bytes(TypedDict):
    bytes: str
    """Base64."""


@final
class Image(TypedDict):
    format: str
    source: Bytes


@final
class ImageBlock(TypedDict):
    image: Image


@final
class DocumentContent(TypedDict):
    content: Sequence[TextBlock]


@final
class Citations(TypedDict):
    enabled: bool


@final
class Document(TypedDict):
    name: str
    source: Bytes | DocumentContent
    format: NotRequired[str]
    context: NotRequired[str]
    citations: NotRequired[Citations]


@final
class DocumentBlock(TypedDict):
    document: Document


@final
class ToolUse(TypedDict):
    toolUseId: str
    name: str
    input: JsonObject


@final
class ToolUseBlock(TypedDict):
    toolUse: ToolUse


ToolResultContent = TextBlock | ImageBlock | DocumentBlock


@final
class ToolResult(TypedDict):
    toolUseId: str
    content: Sequence[ToolResultContent]
    status: NotRequired[Literal["success", "error"]]


@final
class ToolResultBlock(TypedDict):
    toolResult: ToolResult


@final
class ReasoningText(TypedDict):
    text: str
    signature: str


@final
class SignedReasoning(TypedDict):
    reasoningText: ReasoningText


@final
class RedactedReasoning(TypedDict):
    redactedContent: str
    """Base64."""


@final
class ReasoningBlock(TypedDict):
    reasoningContent: SignedReasoning | RedactedReasoning


ContentBlock = TextBlock | ImageBlock | DocumentBlock | ToolUseBlock | ToolResultBlock | ReasoningBlock
Role = Literal["user", "assistant"]


@final
class Message(TypedDict):
    role: Role
    content: Sequence[ContentBlock | CachePointBlock]


@final
class InferenceConfig(TypedDict, total=False):
    maxTokens: int
    temperature: float
    topP: float
    stopSequences: Sequence[str]


@final
class InputSchema(TypedDict):
    json: JsonObject


@final
class ToolSpec(TypedDict):
    name: str
    description: NotRequired[str]
    inputSchema: InputSchema
    strict: NotRequired[bool]


@final
class Tool(TypedDict):
    toolSpec: ToolSpec


@final
class ToolName(TypedDict):
    name: str


@final
class ToolChoice(TypedDict, total=False):
    """Exactly one member."""

    auto: Mapping[str, str]
    any: Mapping[str, str]
    tool: ToolName


@final
class ToolConfig(TypedDict):
    tools: Sequence[Tool | CachePointBlock]
    toolChoice: NotRequired[ToolChoice]


@final
class JsonSchema(TypedDict):
    schema: str
    """A JSON Schema, as JSON text."""
    name: NotRequired[str]
    description: NotRequired[str]


@final
class TextFormatStructure(TypedDict):
    jsonSchema: JsonSchema


@final
class TextFormat(TypedDict):
    type: Literal["json_schema"]
    structure: TextFormatStructure


@final
class OutputConfig(TypedDict, total=False):
    textFormat: TextFormat
    effort: str


@final
class ServiceTier(TypedDict):
    type: str


@final
class Request(TypedDict, total=False):
    messages: Sequence[Message]
    system: Sequence[TextBlock | CachePointBlock]
    inferenceConfig: InferenceConfig
    toolConfig: ToolConfig
    additionalModelRequestFields: Mapping[str, object]
    additionalModelResponseFieldPaths: Sequence[str]
    requestMetadata: Mapping[str, str]
    serviceTier: ServiceTier
    outputConfig: OutputConfig
