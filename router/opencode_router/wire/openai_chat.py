"""A request of the OpenAI Chat Completions API, with the additions that clients of Claude send to such an endpoint.

The additions: `cache_control` on messages, content parts and tools; `reasoning` and `reasoning_details`; `thinking`.
Every optional member also accepts null. Members and content types that are not listed are refused by name when the
body is decoded. Sources: OpenAI API reference, "Create chat completion", and the openai SDK 3.52; OpenRouter
documentation, "Reasoning Tokens" and "Prompt Caching" (all read 2026-11-21).
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from opencode_router.wire.anthropic_messages import CacheControl, JsonObject, ThinkingConfig, TokenLimit

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Penalty = Annotated[float, Meta(ge=-2, le=2)]


class CacheBreakpoint(Struct, frozen=True, forbid_unknown_fields=True):
    """OpenAI's own mark for the end of a reusable prefix."""

    mode: Literal["explicit"]
    ttl: Literal["30m", "12h"] | None = None


class TextPart(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="text"):
    text: str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: CacheBreakpoint | None = None


class ImageUrl(Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="image_url"):
    image_url: ImageUrl
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: CacheBreakpoint | None = None


class File(Struct, frozen=True, forbid_unknown_fields=True):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class FilePart(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="file"):
    file: File
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: CacheBreakpoint | None = None


class RefusalPart(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="refusal"):
    refusal: str


ContentPart = TextPart | ImagePart | FilePart


class FunctionCall(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    arguments: str | None = None
    """A JSON object, as text."""
    parsed_arguments: Any = None
    """The same, left over where OpenAI's SDK read an answer."""


class ToolCall(Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    function: FunctionCall
    type: Literal["function"] = "function"
    index: int | None = None
    """Left over where a client put a streamed message together."""


class ReasoningText(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="reasoning.text"):
    text: str | None = None
    signature: str | None = None
    id: str | None = None
    format: str | None = None
    index: int | None = None


class ReasoningSummary(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="reasoning.summary"):
    summary: str | None = None
    id: str | None = None
    format: str | None = None
    index: int | None = None


class ReasoningEncrypted(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="reasoning.encrypted"):
    data: str
    id: str | None = None
    format: str | None = None
    index: int | None = None


ReasoningDetail = ReasoningText | ReasoningSummary | ReasoningEncrypted


class SystemMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="system"):
    content: str | list[TextPart]
    name: str | None = None
    cache_control: CacheControl | None = None


class DeveloperMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="developer"):
    content: str | list[TextPart]
    name: str | None = None
    cache_control: CacheControl | None = None


class UserMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="user"):
    content: str | list[ContentPart]
    name: str | None = None
    cache_control: CacheControl | None = None


class AssistantMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="assistant"):
    content: str | list[TextPart | RefusalPart] | None = None
    tool_calls: list[ToolCall] | None = None
    refusal: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    """Unsigned, as `reasoning_content`: shown to people, never sent back to a model."""
    annotations: list[Raw] | None = None
    name: str | None = None
    audio: None = None
    function_call: None = None
    parsed: Any = None
    """`content`, left over where OpenAI's SDK read an answer."""
    cache_control: CacheControl | None = None


class ToolMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="role", tag="tool"):
    tool_call_id: str
    content: str | list[ContentPart] | None = None
    name: str | None = None
    cache_control: CacheControl | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


class Function(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class Tool(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="function"):
    function: Function
    cache_control: CacheControl | None = None


class FunctionName(Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class NamedTool(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="function"):
    function: FunctionName


class AllowedTools(Struct, frozen=True, forbid_unknown_fields=True):
    mode: Literal["auto", "required"]
    tools: list[NamedTool]


class AllowedToolsChoice(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="allowed_tools"):
    allowed_tools: AllowedTools


class TextFormat(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="text"):
    pass


class JsonSchema(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    schema: JsonObject | None = None
    description: str | None = None
    strict: bool | None = None


class JsonSchemaFormat(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="json_schema"):
    json_schema: JsonSchema


class Reasoning(Struct, frozen=True, forbid_unknown_fields=True):
    """OpenRouter's way to ask for reasoning."""

    effort: Effort | None = None
    max_tokens: Annotated[int, Meta(ge=1024, le=2**31 - 1)] | None = None
    enabled: bool | None = None
    exclude: Literal[False] | None = None


class StreamOptions(Struct, frozen=True, forbid_unknown_fields=True):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """Where only one value can be honoured, the type has only that value and null."""

    model: str
    messages: list[Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: TokenLimit | None = None
    max_completion_tokens: TokenLimit | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop: str | list[str] | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | AllowedToolsChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: TextFormat | JsonSchemaFormat | None = None
    reasoning_effort: Effort | None = None
    reasoning: Reasoning | None = None
    thinking: ThinkingConfig | None = None
    metadata: dict[str, str] | None = None
    service_tier: Literal["auto", "default", "flex", "priority", "fast"] | None = None
    n: Literal[1] | None = None
    logprobs: Literal[False] | None = None
    top_logprobs: Literal[0] | None = None
    logit_bias: Annotated[dict[str, float], Meta(max_length=0)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    modalities: list[Literal["text"]] | None = None
    verbosity: Literal["medium"] | None = None
    audio: None = None
    functions: None = None
    function_call: None = None
    moderation: None = None
    web_search_options: None = None
    prediction: object = None
    prompt_cache_key: str | None = None
    prompt_cache_options: object = None
    prompt_cache_retention: str | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    store: bool | None = None
    user: str | None = None


DECODER = msgspec.json.Decoder(Request)


def decode(body: bytes) -> Request:
    """Raises msgspec.DecodeError (ValidationError when the JSON is sound), UnicodeDecodeError or RecursionError."""
    return DECODER.decode(body)
