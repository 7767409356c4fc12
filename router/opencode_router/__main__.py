"""Runs the router: `python -m opencode_router`, configured by environment variables (see `settings.py`)."""

import os
import sys

from opencode_router.logs import log_to_stdout
from opencode_router.settings import SettingError, Settings


def main() -> None:
    try:
        settings = Settings.load(os.environ)
    except SettingError as error:
        sys.exit(f"opencode-router: {error}")
    log_to_stdout(settings.log_level)
    run(settings)


def run(settings: Settings) -> None:
    """In this process if it is to be the only one; otherwise it looks after the others, and stays small for that."""
    if settings.processes == 1:
        from opencode_router import server  # noqa: PLC0415  the half second of these imports is the workers' to spend

        server.run(settings)
    else:
        from opencode_router import workers  # noqa: PLC0415  a process on its own has none

        sys.exit(workers.run(settings.processes))


if __name__ == "__main__":
    main()
