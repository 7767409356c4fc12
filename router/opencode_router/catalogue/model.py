"""The shape of a catalogue entry: what one model is, can do and costs."""

import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Surface(StrEnum):
    """A protocol in which Bedrock serves a model, and the host that serves it.

    Source: Amazon Bedrock user guide, "Endpoints supported by Amazon Bedrock" and "Responses API" (read 2026-11-21).
    """

    MESSAGES = "messages"
    """Anthropic Messages on bedrock-runtime."""
    INVOKE = "invoke"
    """Anthropic Messages through InvokeModel on bedrock-runtime."""
    CHAT = "chat"
    """OpenAI Chat Completions on bedrock-runtime."""
    RESPONSES = "responses"
    """OpenAI Responses on bedrock-runtime."""
    CONVERSE = "converse"
    """Converse and ConverseStream on bedrock-runtime."""
    MANTLE_MESSAGES = "mantle-messages"
    """Anthropic Messages on bedrock-mantle."""
    MANTLE_CHAT = "mantle-chat"
    """OpenAI Chat Completions on bedrock-mantle."""
    MANTLE_RESPONSES = "mantle-responses"
    """OpenAI Responses on bedrock-mantle."""


MANTLE_SURFACES = frozenset({Surface.MANTLE_CHAT, Surface.MANTLE_MESSAGES, Surface.MANTLE_RESPONSES})


class ReasoningStyle(StrEnum):
    """How a model is told to reason."""

    NONE = "none"
    """It does not, or cannot be told."""
    BUDGET = "budget"
    """Anthropic `thinking: {type: enabled, budget_tokens}`."""
    ADAPTIVE = "adaptive"
    """Anthropic `thinking: {type: adaptive}` with an effort."""
    EFFORT = "effort"
    """An effort in `additionalModelRequestFields`, at the model's `effort_field`."""


class Capabilities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model accepts. Defaults are the cautious answer."""

    context_tokens: int
    max_output_tokens: int
    tools: bool = False
    images: bool = False
    documents: bool = False
    structured_output: bool = False
    """`outputConfig.textFormat` (Converse) is accepted."""
    sampling: bool = True
    """`temperature` and `top_p` are accepted."""
    tool_choice: tuple[str, ...] = ("auto", "any", "tool")
    """The Converse tool choices the model accepts."""
    reasoning: ReasoningStyle = ReasoningStyle.NONE
    always_reasons: bool = False
    """Reasoning cannot be switched off."""
    efforts: tuple[str, ...] = ()
    """Effort levels the model accepts, weakest first, "none" left out; only for adaptive and effort styles."""
    effort_field: str = "reasoning_effort"
    """Where the effort style puts the level; a dot leads into an object: `reasoning.effort`."""
    cache_minimum_tokens: int | None = None
    """Shortest prefix that can be cached; absent: no cache points at all."""
    cache_ttls: tuple[str, ...] = ()
    """Cache lifetimes accepted, of "5m" and "1h"."""


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """USD per million tokens, which is micro-dollars per token, from a day on.

    A cache price left out is the input price: what is not known to be cheaper is never billed as free.
    """

    since: datetime.date
    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    profiles: tuple[str, ...] = ()
    """Keys of `bedrock_ids` the price holds for; empty: all that no other entry names."""
    above_prompt_tokens: int = 0
    """Holds for whole requests whose prompt, cached parts included, is longer than this."""


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model of the catalogue."""

    name: str
    """For people: "Claude Sonnet 4.6"."""
    provider: str
    """Bedrock's word: anthropic, openai, moonshotai, ..."""
    aliases: tuple[str, ...] = ()
    """Other ids under which callers may ask for it."""
    bedrock_ids: dict[str, str]
    """Bedrock model or inference profile id by region prefix (us, eu, apac, jp, au, in, us-gov, global), by `region`
    for the gateway's own region, and by `mantle` where bedrock-mantle knows the model by another id."""
    surfaces: tuple[Surface, ...]
    """Where Bedrock serves it, best first."""
    capabilities: Capabilities
    betas: tuple[str, ...] = ()
    """`anthropic-beta` values that Bedrock accepts for this model."""
    released: datetime.date
    prices: tuple[Price, ...]
    source: str
    """Where these facts were read, with the date."""
