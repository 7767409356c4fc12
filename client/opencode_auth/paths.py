"""Where the client keeps its files; folders are made when they are first written to.

OPENCODE_AUTH_HOME puts everything below one folder, for tests and for several gateways on one machine.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from opencode_auth.errors import Misused

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


def data_folder() -> Path:
    """The installed versions of this program."""
    return folder("data", platformdirs.user_data_path)


def bin_folder(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the command that a person calls is put."""
    home = environment.get("OPENCODE_AUTH_HOME")
    if home:
        return Path(home).expanduser() / "bin"
    if platform == "win32":
        local = environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "Programs" / APP / "bin"
    return of_account(lambda: Path.home() / ".local" / "bin")


def folder(kind: str, platform_folder: Callable[..., Path]) -> Path:
    home = os.environ.get("OPENCODE_AUTH_HOME")
    if home:
        return Path(home).expanduser() / kind
    return of_account(lambda: platform_folder(APP, appauthor=False))


def of_account(find: Callable[[], Path]) -> Path:
    """Raises Misused for an account without a home, as in some containers."""
    try:
        return find()
    except RuntimeError as error:
        hint = "set HOME, or OPENCODE_AUTH_HOME, to a folder of yours"
        raise Misused("this account has no home folder", hint=hint) from error
