"""The SDKs of OpenAI and Anthropic, which read environment variables: lines for the person's shell.

No line holds a secret; the shell asks for it when it reads the line.
Source: the SDKs' READMEs, "OPENAI_BASE_URL" and "ANTHROPIC_BASE_URL" (read 2026-11-21).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from opencode_auth.tools.connection import Connection, command_line


@dataclass(frozen=True, kw_only=True)
class Shell:
    """How a shell is told; `export` takes name and text, `export_output` name and command."""

    export: Callable[[str, str], str]
    export_output: Callable[[str, str], str]
    unset: Callable[[str], str]


SHELLS: Mapping[str, Shell] = {
    "sh": Shell(
        export=lambda name, text: f"export {name}='{text}'",
        export_output=lambda name, command: f'export {name}="$({command})"',
        unset=lambda name: f"unset {name}",
    ),
    "fish": Shell(
        export=lambda name, text: f"set -gx {name} '{text}'",
        export_output=lambda name, command: f"set -gx {name} ({command})",
        unset=lambda name: f"set -e {name}",
    ),
    "powershell": Shell(
        export=lambda name, text: f"$env:{name} = '{text}'",
        export_output=lambda name, command: f"$env:{name} = (& {command})",
        unset=lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
    ),
}
ADDRESSES = {"OPENAI_BASE_URL": "/v1", "ANTHROPIC_BASE_URL": ""}
"""Variables, with what follows the gateway's address."""
CREDENTIALS = ("OPENAI_API_KEY", "ANTHROPIC_AUTH_TOKEN")
IN_THE_WAY = ("ANTHROPIC_API_KEY",)
"""Anthropic's SDKs would send it besides the token."""


def lines(connection: Connection, shell: str) -> list[str]:
    way = SHELLS[shell]
    command = command_line(connection.credential_command)
    return [
        *(way.export(name, connection.url + path) for name, path in ADDRESSES.items()),
        *(way.export_output(name, command) for name in CREDENTIALS),
        *(way.unset(name) for name in IN_THE_WAY),
    ]


def undo_lines(shell: str) -> list[str]:
    return [SHELLS[shell].unset(name) for name in (*ADDRESSES, *CREDENTIALS)]
