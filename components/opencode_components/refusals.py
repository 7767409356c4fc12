"""How a component words that it cannot be built from the args it was given."""


def refusal(key: str, value: object, *, reason: str, fix: str) -> ValueError:
    """The error for one plain arg: `key: value reason; fix`."""
    return ValueError(f"{key}: {value!r} {reason}; {fix}")
