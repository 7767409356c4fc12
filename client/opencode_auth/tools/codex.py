"""Codex's configuration: a model provider of its own, with a command that prints a fresh credential.

Codex speaks OpenAI's Responses API alone.
Source: developers.openai.com/codex/config-reference and openai/codex pull request 16267 (read 2026-11-21).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from opencode_auth.model import Model
from opencode_auth.tools.connection import Connection
from opencode_auth.tools.edits import Edit
from opencode_auth.tools.tool import Start

ID = "opencode-gateway"
PROVIDER = ("model_providers", ID)
REFRESH_INTERVAL_MS = 60_000
"""Shorter than what is left of any token that the command prints."""
TIMEOUT_MS = 20_000
"""A renewal at the identity provider may take this long."""


def config_file(home: Path, environment: Mapping[str, str]) -> Path:
    return Path(environment.get("CODEX_HOME") or home / ".codex") / "config.toml"


def edits(connection: Connection, _models: Sequence[Model], model: str | None) -> list[Edit]:
    program, *arguments = connection.credential_command
    return [
        Edit(("model_provider",), ID),
        *([Edit(("model",), model)] if model else []),
        Edit((*PROVIDER, "name"), "Bedrock gateway"),
        Edit((*PROVIDER, "base_url"), f"{connection.url}/v1"),
        Edit((*PROVIDER, "wire_api"), "responses"),
        Edit((*PROVIDER, "auth", "command"), program),
        Edit((*PROVIDER, "auth", "args"), arguments),
        Edit((*PROVIDER, "auth", "timeout_ms"), TIMEOUT_MS),
        Edit((*PROVIDER, "auth", "refresh_interval_ms"), REFRESH_INTERVAL_MS),
    ]


def start(connection: Connection, models: Sequence[Model], _environment: Mapping[str, str]) -> Start:
    """By `-c key=value`; these values are the same text in JSON and TOML, and hold no secret."""
    values = [f"{'.'.join(edit.path)}={json.dumps(edit.value)}" for edit in edits(connection, models, None)]
    return Start(arguments=tuple(word for value in values for word in ("-c", value)), variables={})
