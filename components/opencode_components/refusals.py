"""How a component words that it cannot be built from the args it was given."""


def refusal(key: str, value: object, *, reason: str, fix: str) -> ValueError:
    """The error for one plain arg: `key: value reason; fix`."""
    return ValueError(f"{key}: {value!r} {reason}; {fix}")


def check_name(name: str, *, max_characters: int, why: str) -> None:
    """Raises ValueError on a longer name of a component; `why` says what AWS names after it."""
    if len(name) > max_characters:
        reason = f"has {len(name)} characters, and {why}"
        raise refusal("name", name, reason=reason, fix=f"use {max_characters} at most")
