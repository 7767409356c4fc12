"""The opencode.json of a gateway, made from its catalogue.

Sources: opencode.ai/docs/providers, "Custom provider", and https://opencode.ai/config.json; OpenCode 1.18.33's own
bundle for what it makes of each member (read 2026-11-21).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from opencode_router.catalogue.model import Capabilities, Model, Price, ReasoningStyle
from opencode_router.usage.pricing import or_input

PROVIDER = "bedrock"
PACKAGE = "@ai-sdk/openai-compatible"
"""Part of OpenCode's program; nothing is fetched for it."""


class PricedModel(NamedTuple):
    """A model as this gateway serves it."""

    model: Model
    price: Price
    """Of short prompts, under the id that requests go to."""


def opencode_config(
    *, api_url: str, token_variable: str, models: Mapping[str, PricedModel], first_model: str | None
) -> dict[str, Any]:
    """One provider with `models` by their ids; OpenCode begins with `first_model`. Holds no credential."""
    provider = {
        "npm": PACKAGE,
        "name": "Bedrock gateway",
        "options": {"baseURL": f"{api_url.rstrip('/')}/v1", "apiKey": f"{{env:{token_variable}}}"},
        "models": {id_: model_entry(*priced) for id_, priced in models.items()},
    }
    config = {"$schema": "https://opencode.ai/config.json", "provider": {PROVIDER: provider}}
    return {**config, "model": f"{PROVIDER}/{first_model}"} if first_model else config


def model_entry(model: Model, price: Price) -> dict[str, Any]:
    """Without limits OpenCode asks every model for 32,000 tokens, without modalities it sends none an image.

    Where `reasoning` is true it offers the efforts low, medium and high and sends them as `reasoning_effort`.
    """
    can = model.capabilities
    return {
        "name": model.name,
        "limit": {"context": can.context_tokens, "output": can.max_output_tokens},
        "cost": cost(price),
        "reasoning": can.reasoning is not ReasoningStyle.NONE,
        "tool_call": can.tools,
        "attachment": can.images or can.documents,
        "modalities": {"input": inputs(can), "output": ["text"]},
    }


def cost(price: Price) -> dict[str, float]:
    """USD per million tokens. OpenCode takes a cache price left out for none at all, so each is there."""
    return {
        "input": float(price.input),
        "output": float(price.output),
        "cache_read": float(or_input(price.cache_read, price)),
        "cache_write": float(or_input(price.cache_write_5m, price)),
    }


def inputs(can: Capabilities) -> list[str]:
    accepted = {"text": True, "image": can.images, "pdf": can.documents}
    return [kind for kind, is_accepted in accepted.items() if is_accepted]
