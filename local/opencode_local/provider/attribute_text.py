"""Attributes that SNS and SQS take and tell as text, whatever they are."""

from collections.abc import Collection
from typing import Any


def as_text(declared: Any) -> str:
    return str(declared).lower() if isinstance(declared, bool) else str(declared)


def typed(name: str, text: str | None, *, booleans: Collection[str], numbers: Collection[str]) -> Any:
    """The value that the engine knows under `name`; None for what is not there."""
    if text is None:
        return None
    if name in booleans:
        return text.lower() == "true"
    return int(text) if name in numbers else text
