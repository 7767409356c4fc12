"""A model as the gateway describes it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Model:
    """Prices are USD per million tokens as decimal text, None where there are none."""

    id: str
    name: str
    context_tokens: int
    max_output_tokens: int
    has_tools: bool
    accepts_images: bool
    surfaces: tuple[str, ...]
    """Where Bedrock serves it, in the gateway's words: messages, chat, responses, mantle-responses, ..."""
    input_usd: str | None
    output_usd: str | None
