"""What is known of a tool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opencode_auth.model import Model
from opencode_auth.tools.connection import Connection
from opencode_auth.tools.edits import Edit, Format


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a tool is started for one run: what goes before the person's arguments, and variables; None unsets one."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """`route` is what it asks the gateway for; `is_proxied` says whether the local proxy is its usual way.

    `in_the_way` are environment variables, of the shell or in `env` of its file, that go before what we configure.
    """

    title: str
    program: str
    form: Format
    route: str
    is_proxied: bool
    in_the_way: tuple[str, ...] = ()
    config_file: Callable[[Path, Mapping[str, str]], Path]
    edits: Callable[[Connection, Sequence[Model], str | None], list[Edit]]
    start: Callable[[Connection, Sequence[Model], Mapping[str, str]], Start]
