"""`make up`, `status`, `logs`, `publish` and `down`: the program's own environment, running on this machine."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module

from opencode_local.run.run_file import NotRunning
from opencode_local.run.variables import OptionError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("up:run", "runs it until Ctrl-C"),
    "status": ("inspecting:status", "what runs, and how it is"),
    "logs": ("inspecting:logs", "what NAME=... has logged, everything without it; FOLLOW=1 goes on"),
    "publish": ("publishing:publish", "puts a release of the client, MESSAGE=..., on its download host"),
    "down": ("inspecting:down", "stops what runs"),
}
"""Where under `run` it is, and what it does. Imported when used: only `up` needs the program and all of AWS."""


def command(name: str) -> Callable[[Mapping[str, str]], int]:
    module, _, function = COMMANDS[name][0].partition(":")
    found: Callable[[Mapping[str, str]], int] = getattr(import_module(f"opencode_local.run.{module}"), function)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="opencode_local", description="The gateway on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, text) in COMMANDS.items():
        commands.add_parser(name, help=text)
    chosen = command(parser.parse_args().command)
    try:
        return chosen(os.environ)
    except (OptionError, NotRunning) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
