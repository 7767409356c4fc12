"""Codex's configuration: a model provider of its own, with a command that prints a fresh credential.

Codex speaks OpenAI's Responses API alone. Sources: developers.openai.com/codex/config-reference and /docs/web-search,
openai/codex pull request 16267 and issues 25034 and 35758 (read 2026-11-21); tried with Codex 0.169.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from opencode_auth.model import Model
from opencode_auth.tools import toml_edits
from opencode_auth.tools.absent import ABSENT
from opencode_auth.tools.connection import Connection
from opencode_auth.tools.edits import Edit
from opencode_auth.tools.tool import Start

ID = "opencode-gateway"
PROVIDER = ("model_providers", ID)
REFRESH_INTERVAL_MS = 60_000
"""Shorter than what is left of any token that the command prints."""
TIMEOUT_MS = 20_000
"""A renewal at the identity provider may take this long."""
MANTLE = "mantle-responses"
SURFACES = frozenset({"responses", MANTLE})
"""The gateway's words for where a model is served in the Responses API."""
ASSUMED_CONTEXT_TOKENS = 272_000
"""What Codex takes for the context of a model that it does not know; a conversation would outgrow a smaller one."""
WEB_SEARCH = Edit(("web_search",), "disabled")
"""Codex offers it to every model; Bedrock has it for few, and refuses the whole request of others."""
AGENTS = Edit(("agents", "enabled"), value=False)
"""Their tools stand in a namespace, which the models that bedrock-mantle alone serves do not take."""


def config_file(home: Path, environment: Mapping[str, str]) -> Path:
    return Path(environment.get("CODEX_HOME") or home / ".codex") / "config.toml"


def edits(connection: Connection, models: Sequence[Model], model: str | None) -> list[Edit]:
    """The default model is the person's own choice where they have one and ask for no other."""
    program, *arguments = connection.credential_command
    return [
        Edit(("model_provider",), ID),
        *model_edits(models, model),
        WEB_SEARCH,
        Edit((*PROVIDER, "name"), "Bedrock gateway"),
        Edit((*PROVIDER, "base_url"), f"{connection.url}/v1"),
        Edit((*PROVIDER, "wire_api"), "responses"),
        Edit((*PROVIDER, "auth", "command"), program),
        Edit((*PROVIDER, "auth", "args"), arguments),
        Edit((*PROVIDER, "auth", "timeout_ms"), TIMEOUT_MS),
        Edit((*PROVIDER, "auth", "refresh_interval_ms"), REFRESH_INTERVAL_MS),
    ]


def model_edits(models: Sequence[Model], model: str | None) -> list[Edit]:
    """Codex's own default is a model that the gateway may not serve."""
    served = [each.id for each in models if each.has_tools and not SURFACES.isdisjoint(each.surfaces)]
    usual = [Edit(("model",), model or served[0], is_default=model is None)] if model or served else []
    return [*usual, *(edit for each in models if each.id == model for edit in limits(each))]


def limits(model: Model) -> list[Edit]:
    """What Codex has to know of a model that it does not know."""
    size = Edit(("model_context_window",), model.context_tokens)
    return [
        *([size] if model.context_tokens < ASSUMED_CONTEXT_TOKENS else []),
        *([AGENTS] if MANTLE in model.surfaces else []),
    ]


def start(connection: Connection, models: Sequence[Model], environment: Mapping[str, str]) -> Start:
    """By `-c key=value`; these values are the same text in JSON and TOML, and hold no secret.

    Raises NotToml when the person's own file is none.
    """
    file = config_file(Path.home(), environment)
    mine = file.read_text(encoding="utf-8") if file.exists() else ""
    wanted = [
        edit
        for edit in edits(connection, models, None)
        if not (edit.is_default and toml_edits.read(mine, edit.path) is not ABSENT)
    ]
    values = [f"{'.'.join(edit.path)}={json.dumps(edit.value)}" for edit in wanted]
    return Start(arguments=tuple(word for value in values for word in ("-c", value)), variables={})
