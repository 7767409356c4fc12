"""OpenCode's configuration: a provider of its own with the gateway's models.

OpenCode runs no command for a credential while it works, so the local proxy is its usual way.
Source: opencode.ai/docs/config and /docs/providers, OpenCode 1.18 (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opencode_auth.model import Model
from opencode_auth.tools.absent import ABSENT, NotUnderstood
from opencode_auth.tools.connection import Connection
from opencode_auth.tools.edits import JSON, Edit, apply
from opencode_auth.tools.tool import Start

SCHEMA = "https://opencode.ai/config.json"
PROVIDER = ("provider", "bedrock")
SHARE_HOST = ("enterprise", "url")
PACKAGE = "@ai-sdk/openai-compatible"
"""Part of OpenCode's program; nothing is fetched for it."""
NAME = "Bedrock gateway"
INLINE_CONFIG = "OPENCODE_CONFIG_CONTENT"
RUN_TOKEN = "OPENCODE_GATEWAY_TOKEN"  # noqa: S105  the name of a variable
FILE_NAMES = ("opencode.jsonc", "opencode.json")


def config_file(home: Path, environment: Mapping[str, str]) -> Path:
    """The global configuration: the one that is there, `opencode.json` where there is none."""
    folder = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "opencode"
    return next((folder / name for name in FILE_NAMES if (folder / name).exists()), folder / FILE_NAMES[-1])


def edits(connection: Connection, models: Sequence[Model], model: str | None) -> list[Edit]:
    file = connection.secret_file
    key = f"{{file:{file.as_posix()}}}" if file else "{env:OPENCODE_API_KEY}"
    return [*provider_edits(connection, models, key, model), *sharing_edits(connection, key)]


def sharing_edits(connection: Connection, key: str) -> list[Edit]:
    """OpenCode sends no credential with a share, so the address holds the key; both as OpenCode fills them in."""
    if not connection.has_sharing:
        return []
    otherwise = "sessions are shared there, not by the gateway"
    return [Edit(SHARE_HOST, f"{connection.url}/sharing/{key}", is_default=True, otherwise=otherwise)]


def provider_edits(connection: Connection, models: Sequence[Model], key: str, model: str | None) -> list[Edit]:
    """The default model is the person's own choice where they have one and ask for no other."""
    usual = [Edit(("model",), f"bedrock/{model or models[0].id}", is_default=model is None)] if models else []
    return [
        Edit(("$schema",), SCHEMA, is_default=True),
        Edit((*PROVIDER, "npm"), PACKAGE),
        Edit((*PROVIDER, "name"), NAME),
        Edit((*PROVIDER, "options", "baseURL"), f"{connection.url}/v1"),
        Edit((*PROVIDER, "options", "apiKey"), key),
        *(Edit((*PROVIDER, "models", each.id), model_entry(each)) for each in models),
        *usual,
    ]


def has_share_host(file: Path) -> bool:
    """Of the person's own, or ours; OpenCode itself says what is wrong with a file that cannot be read."""
    try:
        return JSON.read(file.read_text(encoding="utf-8"), SHARE_HOST) is not ABSENT
    except (OSError, ValueError, NotUnderstood):
        return False


def model_entry(model: Model) -> dict[str, Any]:
    """Without limits OpenCode asks every model for 32,000 tokens, without modalities it sends none an image."""
    return {
        "name": model.name,
        "limit": {"context": model.context_tokens, "output": model.max_output_tokens},
        "attachment": model.accepts_images,
        "modalities": {"input": ["text", "image"] if model.accepts_images else ["text"], "output": ["text"]},
    }


def start(connection: Connection, models: Sequence[Model], environment: Mapping[str, str]) -> Start:
    """By a configuration in a variable, which is merged over all files, and the credential in another.

    A configuration that the person has in that variable stays, ours goes over it. A share host of theirs stays, too.
    """
    key_name = RUN_TOKEN if connection.is_proxied else "OPENCODE_API_KEY"
    key = f"{{env:{key_name}}}"
    ours = provider_edits(connection, models, key, None)
    if not has_share_host(config_file(Path.home(), environment)):
        ours += sharing_edits(connection, key)
    content, _ = apply(JSON, environment.get(INLINE_CONFIG) or "{}", ours)
    secret = {RUN_TOKEN: connection.secret} if connection.is_proxied else {}
    return Start(arguments=(), variables={INLINE_CONFIG: content, **secret})
