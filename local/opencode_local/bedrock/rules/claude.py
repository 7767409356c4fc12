"""What depends on which Claude a model id names."""

import re
from collections.abc import Iterator

from opencode_local.bedrock.prompt import Json

GENERATION = re.compile(r"claude-[a-z]+-(?P<major>\d+)(?:-(?P<minor>\d{1,2})(?!\d))?")
SYSTEM_TURNS_SINCE = (4, 8)
"""Source: Anthropic documentation, "What's new in Claude 4.8": mid-conversation system messages, which older models
refuse (simonw/llm-anthropic#73, read 2026-11-21)."""


def is_claude(model_id: str) -> bool:
    """Whether the rules of Claude hold; an opaque profile ARN does not tell."""
    return "anthropic." in model_id


def generation(model_id: str) -> tuple[int, int]:
    """Such as (4, 7); (0, 0) for other models and for those from before family names came first."""
    found = GENERATION.search(model_id)
    return (int(found["major"]), int(found["minor"] or 0)) if found else (0, 0)


def system_turns(messages: list[Json], model_id: str) -> Iterator[str]:
    """What is wrong with the system messages among `messages`."""
    for index, message in enumerate(messages):
        if message["role"] == "system":
            if generation(model_id) < SYSTEM_TURNS_SINCE:
                yield f"messages.{index}: role 'system' is not supported on this model"
            elif index == 0 or messages[index - 1]["role"] != "user":
                yield f"messages.{index}: a system message must come immediately after a user turn"


def spoken(messages: list[Json]) -> list[Json]:
    """The turns of user and assistant."""
    return [message for message in messages if message["role"] != "system"]
