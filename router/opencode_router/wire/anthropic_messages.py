"""A request of the Anthropic Messages API, as far as it has a meaning in Converse.

Every optional member also accepts null. Members and block types that are not listed are refused by name when the
body is decoded. Source: Anthropic API reference, "Create a Message", and the anthropic SDK 2.11 (read 2026-11-21).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

JsonObject = dict[str, Raw]
"""A JSON object whose members are kept as the bytes they are."""
TokenLimit = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""Tokens; as wide as Converse's own integer."""
Effort = Literal["low", "medium", "high", "xhigh", "max"]


class CacheControl(Struct, frozen=True, forbid_unknown_fields=True):
    """A cache breakpoint after the block that carries it."""

    type: Literal["ephemeral"] = "ephemeral"
    ttl: Literal["5m", "1h"] | None = None


class Text(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="text"):
    text: str
    cache_control: CacheControl | None = None
    citations: list[Raw] | None = None


class Base64Source(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="base64"):
    data: str
    media_type: str


class UrlSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="url"):
    url: str


class FileSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="file"):
    file_id: str


class TextSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="text"):
    data: str
    media_type: Literal["text/plain"] = "text/plain"


class ContentSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="content"):
    content: str | list[Text]


class Image(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="image"):
    source: Base64Source | UrlSource | FileSource
    cache_control: CacheControl | None = None


class Citations(Struct, frozen=True, forbid_unknown_fields=True):
    enabled: bool | None = None


class Document(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="document"):
    source: Base64Source | TextSource | ContentSource | UrlSource | FileSource
    title: str | None = None
    context: str | None = None
    citations: Citations | None = None
    cache_control: CacheControl | None = None


class DirectCaller(Struct, frozen=True, forbid_unknown_fields=True):
    """The model itself called the tool, not code that it wrote."""

    type: Literal["direct"]


class ToolUse(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="tool_use"):
    id: str
    name: str
    input: JsonObject
    cache_control: CacheControl | None = None
    caller: DirectCaller | None = None


class ToolResult(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="tool_result"):
    tool_use_id: str
    content: str | list[Text | Image | Document] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


class Thinking(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="thinking"):
    thinking: str
    signature: str | None = None


class RedactedThinking(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="redacted_thinking"):
    data: str


UserBlock = Text | Image | Document | ToolResult
AssistantBlock = Text | ToolUse | Thinking | RedactedThinking


class UserMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="user"):
    content: str | list[UserBlock]


class AssistantMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="assistant"):
    content: str | list[AssistantBlock]


class SystemMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="system"):
    content: str | list[Text]


Message = UserMessage | AssistantMessage | SystemMessage


class Tool(Struct, frozen=True, forbid_unknown_fields=True):
    """A tool that the caller runs; tools that Anthropic runs have other types and are refused."""

    name: str
    input_schema: JsonObject
    type: Literal["custom"] | None = None
    description: str | None = None
    strict: bool | None = None
    eager_input_streaming: bool | None = None
    defer_loading: Literal[False] | None = None
    allowed_callers: list[Literal["direct"]] | None = None
    cache_control: CacheControl | None = None


class AutoChoice(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="auto"):
    disable_parallel_tool_use: bool | None = None


class AnyChoice(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="any"):
    disable_parallel_tool_use: bool | None = None


class ToolChoice(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="tool"):
    name: str
    disable_parallel_tool_use: bool | None = None


class NoChoice(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="none"):
    pass


Display = Literal["summarized", "omitted"]


class ThinkingEnabled(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="enabled"):
    budget_tokens: Annotated[int, Meta(ge=1024, le=2**31 - 1)]
    display: Display | None = None


class ThinkingAdaptive(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="adaptive"):
    display: Display | None = None


class ThinkingDisabled(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="disabled"):
    pass


ThinkingConfig = ThinkingEnabled | ThinkingAdaptive | ThinkingDisabled


class JsonFormat(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="json_schema"):
    schema: JsonObject


class OutputConfig(Struct, frozen=True, forbid_unknown_fields=True):
    effort: Effort | None = None
    format: JsonFormat | None = None


class Metadata(Struct, frozen=True, forbid_unknown_fields=True):
    user_id: str | None = None


class ClearThinking(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="clear_thinking_20251015"):
    """Forgets the reasoning of earlier turns; `keep` says how many turns to spare."""

    keep: object = None


class ContextManagement(Struct, frozen=True, forbid_unknown_fields=True):
    edits: list[ClearThinking] | None = None


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    messages: list[Message]
    max_tokens: TokenLimit
    system: str | list[Text] | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    stop_sequences: list[str] | None = None
    tools: list[Tool] | None = None
    tool_choice: AutoChoice | AnyChoice | ToolChoice | NoChoice | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    speed: Literal["standard"] | None = None
    cache_control: CacheControl | None = None
    context_management: ContextManagement | None = None
    user_profile_id: str | None = None
    diagnostics: object = None
    anthropic_version: str | None = None
    anthropic_beta: list[str] | None = None


DECODER = msgspec.json.Decoder(Request)


def decode(body: bytes) -> Request:
    """Raises msgspec.DecodeError (ValidationError when the JSON is sound), UnicodeDecodeError or RecursionError."""
    return DECODER.decode(body)
