"""What the gateway reads of a request of the OpenAI Responses API; all other members pass unread.

Read are the members by which a request keeps or names something stored. Sources: OpenAI API reference, "Create a
model response", and the openai SDK 3.52 (read 2026-11-21).
"""

import msgspec
from msgspec import Struct


class Item(Struct, frozen=True):
    """One item of `input`; without type and role it is a reference to a stored one."""

    type: str | None = None
    role: str | None = None

    @property
    def is_reference(self) -> bool:
        return self.type == "item_reference" or (self.type is None and self.role is None)


class Request(Struct, frozen=True):
    """One request, as far as it is read."""

    model: str
    input: str | list[Item] | None = None
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: object = None
    prompt: object = None


decode = msgspec.json.Decoder(Request).decode
