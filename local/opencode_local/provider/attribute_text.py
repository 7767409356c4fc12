"""Attributes that SNS and SQS take and tell as text, whatever they are."""

from collections.abc import Collection, Mapping
from typing import Any


def as_text(declared: Any) -> str:
    return str(declared).lower() if isinstance(declared, bool) else str(declared)


def typed(texts: Mapping[str, str | None], *, booleans: Collection[str], numbers: Collection[str]) -> dict[str, Any]:
    """The values that the engine knows under those names; None for what is not there."""

    def value(name: str, text: str | None) -> Any:
        if text is None:
            return None
        if name in booleans:
            return text.lower() == "true"
        return int(text) if name in numbers else text

    return {name: value(name, text) for name, text in texts.items()}
