"""How commands speak: the answer on stdout, as text or as JSON; everything else on stderr."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def as_json(command: Command) -> Command:
    """The option `--json`, which every command with an answer has; its parameter is `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")(command)


def answer(text: str, document: object, *, as_json: bool) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False) if as_json else text)


def say(text: str) -> None:
    """Something for the person that is not the answer."""
    click.echo(text, err=True)


def moment(epoch_s: float) -> str:
    """`2026-11-21T18:00:00Z`, for JSON."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """`2 h 5 min`, for people."""
    minutes = int(max(0.0, seconds)) // 60
    if minutes < 1:
        return f"{int(max(0.0, seconds))} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def printable(text: str) -> str:
    """Without what a terminal would obey; for words of servers."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
