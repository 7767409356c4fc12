"""What the gateway reads of a request of the OpenAI Responses API; all other members pass unread.

Read are the members by which a request keeps or names something stored, and those in which Codex speaks words of its
own. Sources: OpenAI API reference, "Create a model response", the openai SDK 3.52, and codex-rs/protocol/src/models.rs
of openai/codex (read 2026-11-21).
"""

from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

Json: TypeAlias = dict[str, Any]


class Item(Struct, frozen=True):
    """One item of `input`; without type and role it is a reference to a stored one."""

    type: str | None = None
    role: str | None = None

    @property
    def is_reference(self) -> bool:
        return self.type == "item_reference" or (self.type is None and self.role is None)


class Tool(Struct, frozen=True):
    type: str | None = None
    name: str | None = None


class Request(Struct, frozen=True):
    """One request, as far as it is read."""

    model: str
    input: str | list[Item] | None = None
    tools: list[Tool] | None = None
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: object = None
    prompt: object = None


class MoreTools(Struct, frozen=True):
    """An item that brings tools, or a namespace of tools."""

    tools: list[Json] = []


class AgentPart(Struct, frozen=True):
    text: str | None = None
    encrypted_content: str | None = None


class AgentMessage(Struct, frozen=True):
    """What one agent of Codex says to another."""

    content: list[AgentPart]


class LocalShellCall(Struct, frozen=True):
    call_id: str
    action: Json = {}


decode = msgspec.json.Decoder(Request).decode
