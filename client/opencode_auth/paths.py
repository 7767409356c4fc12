"""Where the client keeps its files; folders are made when they are first written to.

OPENCODE_AUTH_HOME puts everything below one folder, for tests and for several gateways on one machine.
"""

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

APP = "opencode-auth"


def config_folder() -> Path:
    """The gateway's settings and the record of changes to tools' configurations."""
    return folder("config", platformdirs.user_config_path)


def state_folder() -> Path:
    """Tokens, locks, logs and what the proxy says of itself."""
    return folder("state", platformdirs.user_state_path)


def cache_folder() -> Path:
    """What can be fetched again."""
    return folder("cache", platformdirs.user_cache_path)


def folder(kind: str, platform_folder: Callable[..., Path]) -> Path:
    home = os.environ.get("OPENCODE_AUTH_HOME")
    return Path(home).expanduser() / kind if home else platform_folder(APP, appauthor=False)
