"""`make up`, `make status`, `make logs` and `make down`: the program's own environment, running on this machine."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Mapping

from opencode_local.run import inspecting
from opencode_local.run.options import OptionError
from opencode_local.run.run_file import NotRunning
from opencode_local.run.up import up

COMMANDS: Mapping[str, tuple[Callable[[Mapping[str, str]], int], str]] = {
    "up": (lambda environ: asyncio.run(up(environ)), "runs it until Ctrl-C"),
    "status": (inspecting.status, "what runs, and how it is"),
    "logs": (inspecting.logs, "what NAME=... has logged, everything without it; FOLLOW=1 goes on"),
    "down": (inspecting.down, "stops what runs"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="opencode_local", description="The gateway on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, text) in COMMANDS.items():
        commands.add_parser(name, help=text)
    command, _ = COMMANDS[parser.parse_args().command]
    try:
        return command(os.environ)
    except (OptionError, NotRunning) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
