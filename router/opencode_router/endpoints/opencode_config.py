"""The opencode.json of a gateway, made from its catalogue.

Source: opencode.ai/docs/providers, "Custom provider", and https://opencode.ai/config.json (read 2026-11-21).
"""

from collections.abc import Mapping
from typing import Any

from opencode_router.catalogue.model import Model

PROVIDER = "bedrock"
PACKAGE = "@ai-sdk/openai-compatible"
"""Part of OpenCode's program; nothing is fetched for it."""


def opencode_config(
    *, api_url: str, token_variable: str, models: Mapping[str, Model], first_model: str | None
) -> dict[str, Any]:
    """One provider with `models` by their ids; OpenCode begins with `first_model`. Holds no credential."""
    provider = {
        "npm": PACKAGE,
        "name": "Bedrock gateway",
        "options": {"baseURL": f"{api_url.rstrip('/')}/v1", "apiKey": f"{{env:{token_variable}}}"},
        "models": {id_: model_entry(model) for id_, model in models.items()},
    }
    config = {"$schema": "https://opencode.ai/config.json", "provider": {PROVIDER: provider}}
    return {**config, "model": f"{PROVIDER}/{first_model}"} if first_model else config


def model_entry(model: Model) -> dict[str, Any]:
    """Without limits OpenCode asks every model for 32,000 tokens, without modalities it sends none an image."""
    can = model.capabilities
    return {
        "name": model.name,
        "limit": {"context": can.context_tokens, "output": can.max_output_tokens},
        "tool_call": can.tools,
        "attachment": can.images,
        "modalities": {"input": ["text", "image"] if can.images else ["text"], "output": ["text"]},
    }
