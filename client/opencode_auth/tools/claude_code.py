"""Claude Code's settings: the gateway's address, and a helper that prints a fresh credential.

Source: code.claude.com/docs/en/settings and /llm-gateway, Claude Code 2.1 (read 2026-11-21).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from opencode_auth.model import Model
from opencode_auth.tools.connection import Connection, command_line
from opencode_auth.tools.edits import Edit
from opencode_auth.tools.tool import Start

HELPER_TTL_MS = "60000"
"""Shorter than what is left of any token that the helper prints."""
OTHER_CREDENTIALS = ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY")
"""Either goes before the helper."""


def config_file(home: Path, environment: Mapping[str, str]) -> Path:
    return Path(environment.get("CLAUDE_CONFIG_DIR") or home / ".claude") / "settings.json"


def edits(connection: Connection, _models: Sequence[Model], model: str | None) -> list[Edit]:
    """Claude Code chooses among Anthropic's models itself, all of which the gateway knows by name."""
    return [
        Edit(("apiKeyHelper",), command_line(connection.credential_command)),
        Edit(("env", "ANTHROPIC_BASE_URL"), connection.url),
        Edit(("env", "CLAUDE_CODE_API_KEY_HELPER_TTL_MS"), HELPER_TTL_MS),
        *([Edit(("model",), model)] if model else []),
    ]


def start(connection: Connection, _models: Sequence[Model], _environment: Mapping[str, str]) -> Start:
    """By settings for one run, which go before those in files; they hold a command and no secret."""
    env = {"ANTHROPIC_BASE_URL": connection.url, "CLAUDE_CODE_API_KEY_HELPER_TTL_MS": HELPER_TTL_MS}
    settings = {"apiKeyHelper": command_line(connection.credential_command), "env": env}
    variables = {"ANTHROPIC_BASE_URL": connection.url, **dict.fromkeys(OTHER_CREDENTIALS)}
    return Start(arguments=("--settings", json.dumps(settings)), variables=variables)
