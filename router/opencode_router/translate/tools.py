"""Tools: their declaration, how the model may choose, and the ids of calls.

Sources: bedrock-runtime service model 2023-09-30 (ToolConfiguration); Anthropic API reference, "Tool use"; LiteLLM
pull request 34347, which shows Claude on Converse honouring `additionalModelRequestFields.tool_choice` (all read
2026-11-21).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from msgspec import Raw

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate.turns import Piece
from opencode_router.wire import converse

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
TOOL_USE_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
OBJECT_TYPE = Raw(b'"object"')
NO_ARGUMENTS: converse.JsonObject = {"type": OBJECT_TYPE, "properties": Raw(b"{}")}
PLACEHOLDER = Piece[converse.Tool](
    block={
        "toolSpec": {
            "name": "no_tool_available",
            "description": "Placeholder. No tool can be called now; answer in text.",
            "inputSchema": {"json": NO_ARGUMENTS},
        }
    },
    param="tools",
)
"""Converse refuses a conversation with tool calls in it unless it declares some tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the caller wants of the tools."""

    mode: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    """Of the one tool to call; set for mode "tool" only."""
    is_single: bool = False
    """At most one call in the answer."""
    param: str = "tool_choice"
    single_param: str = "parallel_tool_calls"

    @property
    def is_forced(self) -> bool:
        return self.mode in {"any", "tool"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the model is offered."""

    tools: Sequence[Piece[converse.Tool]] = ()
    choice: converse.ToolChoice | None = None
    extra_fields: Mapping[str, object] = field(default_factory=dict)
    """For `additionalModelRequestFields`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A tool as either protocol declares it."""

    name: str
    description: str | None
    schema: Mapping[str, Raw] | None
    strict: bool
    name_param: str
    schema_param: str


def tool_name(name: str, *, param: str) -> str:
    """`name` itself. Raises BadRequest when Converse would not have it."""
    if not TOOL_NAME.fullmatch(name):
        raise BadRequest(f"the tool name {name!r} is not 1 to 64 letters, digits, '_' or '-'", param=param)
    return name


def tool_use_id(given: str) -> str:
    """`given`, or a stand-in made from it where Converse would refuse it; the same for a call and its result."""
    if TOOL_USE_ID.fullmatch(given):
        return given
    return f"tool_{sha256(given.encode()).hexdigest()[:32]}"


def tool(declaration: Declaration, model: Model) -> converse.Tool:
    """The tool for Converse; `strict` only where the model can hold itself to a schema."""
    spec: converse.ToolSpec = {
        "name": tool_name(declaration.name, param=declaration.name_param),
        "inputSchema": {"json": input_schema(declaration)},
    }
    if declaration.description and declaration.description.strip():
        spec = {**spec, "description": declaration.description}
    if declaration.strict and model.capabilities.structured_output:
        spec = {**spec, "strict": True}
    return {"toolSpec": spec}


def input_schema(declaration: Declaration) -> converse.JsonObject:
    """The caller's schema. Bedrock wants `type: object` at its top, which callers may leave out."""
    schema = declaration.schema
    if not schema:
        return NO_ARGUMENTS
    if "type" not in schema:
        return {"type": OBJECT_TYPE, **schema}
    if bytes(schema["type"]) != bytes(OBJECT_TYPE):
        raise BadRequest("the schema of a tool's arguments is of type 'object'", param=declaration.schema_param)
    return schema


def offer(
    tools: Sequence[Piece[converse.Tool]], choice: Choice | None, model: Model, *, called: Sequence[str]
) -> Offer:
    """What the model is offered, given the tools `called` earlier in the conversation.

    Raises BadRequest naming the parameter that the model, or Converse, cannot honour.
    """
    if (tools or called) and not model.capabilities.tools:
        raise BadRequest(f"{model.name} does not call tools", param="tools" if tools else "messages")
    refuse_namesakes(tools)
    if not tools and choice and choice.is_forced:
        raise BadRequest("a tool is to be called, but none is declared", param=choice.param)
    if not tools or (choice and choice.mode == "none"):
        return silent_offer(tools, model, called=called)
    return chosen_offer(tools, choice, model) if choice else Offer(tools=tools)


def chosen_offer(tools: Sequence[Piece[converse.Tool]], choice: Choice, model: Model) -> Offer:
    if choice.name is not None and choice.name not in {piece.block["toolSpec"]["name"] for piece in tools}:
        raise BadRequest(f"no tool is named {choice.name!r}", param=choice.param)
    if choice.is_forced and choice.mode not in model.capabilities.tool_choice:
        raise BadRequest(f"{model.name} cannot be made to call a tool", param=choice.param)
    if choice.is_single:
        return single_call_offer(tools, choice, model)
    if choice.mode not in model.capabilities.tool_choice:
        return Offer(tools=tools)
    return Offer(tools=tools, choice=converse_choice(choice))


def refuse_namesakes(tools: Sequence[Piece[converse.Tool]]) -> None:
    seen: set[str] = set()
    for piece in tools:
        name = piece.block["toolSpec"]["name"]
        if name in seen:
            raise BadRequest(f"two tools are named {name!r}", param=piece.param)
        seen.add(name)


def silent_offer(tools: Sequence[Piece[converse.Tool]], model: Model, *, called: Sequence[str]) -> Offer:
    """No tool may be called. Converse has no word for that, so tools are left out where they can be.

    With tool calls in the conversation some tool must be declared: Claude gets the tools with a `tool_choice` of
    none, other models a placeholder in their place.
    """
    if not called:
        return Offer()
    if model.provider != "anthropic":
        return Offer(tools=(PLACEHOLDER,))
    return Offer(tools=tools or [remembered(name) for name in called], extra_fields={"tool_choice": {"type": "none"}})


def remembered(name: str) -> Piece[converse.Tool]:
    """A declaration for a tool that is only known from calls to it."""
    return Piece(block={"toolSpec": {"name": name, "inputSchema": {"json": NO_ARGUMENTS}}}, param="messages")


def single_call_offer(tools: Sequence[Piece[converse.Tool]], choice: Choice, model: Model) -> Offer:
    """At most one call: only Claude can be told, and its `tool_choice` then stands in place of Converse's own.

    Source: LiteLLM issue 36536: both together are a ValidationException (read 2026-11-21).
    """
    if model.provider != "anthropic":
        raise BadRequest(f"{model.name} cannot be limited to one tool call", param=choice.single_param)
    named = {"name": choice.name} if choice.name is not None else {}
    return Offer(
        tools=tools, extra_fields={"tool_choice": {"type": choice.mode, **named, "disable_parallel_tool_use": True}}
    )


def converse_choice(choice: Choice) -> converse.ToolChoice:
    match choice.mode, choice.name:
        case "tool", str(name):
            return {"tool": {"name": name}}
        case "any", _:
            return {"any": {}}
        case _:
            return {"auto": {}}
