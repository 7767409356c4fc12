"""The person's yes, before something on their machine changes."""

import sys

import click

from opencode_auth.errors import Misused


def agree(question: str, *, is_given: bool) -> bool:
    """Whether they agree; `is_given` is their `--yes`. Raises Misused where there is nobody to ask."""
    if is_given:
        return True
    if not sys.stdin.isatty():
        raise Misused("there is no terminal to ask on", hint="add --yes to go ahead without a question")
    return click.confirm(question, default=True, err=True)
