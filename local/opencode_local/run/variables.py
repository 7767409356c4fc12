"""Environment variables that have one of a few values; apart from the options, so that `make status` starts at once."""

from collections.abc import Mapping, Sequence


class OptionError(ValueError):
    """A variable has a value that it cannot have; the message names it, the value, and what would do."""


def choice(environ: Mapping[str, str], variable: str, values: Sequence[str]) -> str:
    """The first of `values` when the variable is unset or empty."""
    given = environ.get(variable) or values[0]
    if given not in values:
        raise OptionError(f"{variable}={given!r} is not known; use one of {', '.join(values)}")
    return given


def is_on(environ: Mapping[str, str], variable: str) -> bool:
    return choice(environ, variable, ("0", "1")) == "1"
