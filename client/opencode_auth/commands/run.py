"""`run opencode|claude|codex -- args`: a tool for this once, without a file being written."""

import os

import click

from opencode_auth.tools import programs
from opencode_auth.tools.catalogue import TOOLS
from opencode_auth.tools.prepare import prepared
from opencode_auth.updates import notice

PROGRAMS = {tool.program: tool for tool in TOOLS.values()}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("program", type=click.Choice([*PROGRAMS]))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(program: str, arguments: tuple[str, ...]) -> int:
    """Run a tool through the gateway, without changing its configuration.

    What follows -- goes to the tool. Its exit code is passed on.
    """
    from opencode_auth.tokens import api_key  # noqa: PLC0415  start-up

    tool = PROGRAMS[program]
    found = programs.find(program, os.environ.get("PATH", os.defpath))
    ready = prepared(tool, is_proxied=tool.is_proxied and not api_key())
    start = tool.start(ready.connection, ready.models, os.environ)
    environment = programs.with_variables(os.environ, start.variables)
    notice.show()
    return programs.start(found, [*start.arguments, *arguments], environment)
