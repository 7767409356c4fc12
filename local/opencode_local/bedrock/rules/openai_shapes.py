"""The shapes of Chat Completions bodies, as far as the stand-in reads them; the rest is let through.

Source: the types of the openai SDK 3.52 (2026-11-21).
"""

import re
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid

Count: TypeAlias = Annotated[int, Meta(ge=1)]
MISSING = re.compile(r"Object missing required field `(?P<name>\w+)`(?: - at `\$\.?(?P<place>.*)`)?")
WRONG = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<place>.*)`)?")


class Function(Struct):
    name: str
    parameters: Json | None = None
    arguments: str | None = None


class ToolCall(Struct):
    id: str
    function: Function


class Part(Struct):
    type: Literal["text", "image_url", "input_audio", "file", "refusal"]
    text: str | None = None
    image_url: Json | None = None
    input_audio: Json | None = None
    file: Json | None = None
    refusal: str | None = None


class Message(Struct):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None


class Tool(Struct):
    type: Literal["function"]
    function: Function


class ToolChoice(Struct):
    function: Function | None = None


class JsonSchema(Struct):
    schema: Json | None = None


class ResponseFormat(Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(Struct):
    include_usage: bool | None = None


class ChatBody(Struct):
    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    tools: list[Tool] | None = None
    tool_choice: str | ToolChoice | None = None
    response_format: ResponseFormat | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    reasoning_effort: str | None = None


def check_shape(body: Json, shape: type[Struct]) -> None:
    """Raises Refused, in OpenAI's manner, for a body that has not this shape."""
    try:
        msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        raise invalid(_worded(str(error))) from error


def _worded(problem: str) -> str:
    missing = MISSING.fullmatch(problem)
    if missing is not None:
        return f"Missing required parameter: '{'.'.join(filter(None, (missing['place'], missing['name'])))}'."
    wrong: Any = WRONG.fullmatch(problem)
    return f"Invalid value for '{wrong['place'] or ''}': {wrong['what']}."
