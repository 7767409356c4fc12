"""The shapes of Responses bodies, as far as the stand-in reads them; the rest is let through.

Source: the types of the openai SDK 3.52 (2026-11-21).
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from opencode_local.bedrock.prompt import Json

Count: TypeAlias = Annotated[int, Meta(ge=1)]


class Part(Struct):
    type: Literal["input_text", "input_image", "input_file", "output_text", "refusal", "summary_text", "reasoning_text"]
    text: str | None = None


class Item(Struct):
    type: str = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | list[Part] | None = None
    call_id: str | None = None
    namespace: str | None = None
    name: str | None = None
    arguments: str | None = None
    input: str | None = None
    output: str | list[Part] | None = None
    summary: list[Part] | None = None
    encrypted_content: str | None = None


class NestedTool(Struct):
    """What stands in a namespace."""

    type: Literal["function", "custom"]
    name: str
    parameters: Json | None = None


class Tool(Struct):
    type: str
    name: str | None = None
    parameters: Json | None = None
    tools: list[NestedTool] | None = None


class TextFormat(Struct):
    schema: Json | None = None


class TextConfig(Struct):
    format: TextFormat | None = None


class ResponsesBody(Struct):
    model: str
    input: Annotated[str, Meta(min_length=1)] | Annotated[list[Item], Meta(min_length=1)]
    instructions: str | None = None
    tools: list[Tool] | None = None
    max_output_tokens: Count | None = None
    text: TextConfig | None = None
    reasoning: Json | None = None
    include: list[str] | None = None
    stream: bool | None = None
