"""`use opencode|claude-code|codex|sdk`: a tool's own configuration, merged, shown first, undone on demand."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from opencode_auth import output
from opencode_auth.consent import agree
from opencode_auth.errors import Misused
from opencode_auth.tools import config_file, sdk
from opencode_auth.tools.absent import ABSENT
from opencode_auth.tools.catalogue import TOOLS
from opencode_auth.tools.connection import connection
from opencode_auth.tools.edits import Edit
from opencode_auth.tools.prepare import prepared
from opencode_auth.tools.tool import Tool

SDK = "sdk"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The options as given; None where a way or a shell was not chosen."""

    is_direct: bool | None
    model: str | None
    shell: str | None
    is_undo: bool
    is_agreed: bool


@click.command()
@click.argument("tool", type=click.Choice([*TOOLS, SDK]))
@click.option("--direct/--proxy", "is_direct", default=None, help="Go to the gateway itself, or by the local proxy.")
@click.option("--model", metavar="ID", help="Make this the tool's default model.")
@click.option("--shell", type=click.Choice([*sdk.SHELLS]), help="For sdk: the shell that reads the lines.")
@click.option("--undo", "is_undo", is_flag=True, help="Restore what was there.")
@click.option("-y", "--yes", "is_agreed", is_flag=True, help="Do not ask.")
def command(tool: str, **options: Any) -> None:
    """Configure a tool for the gateway.

    OpenCode goes by the local proxy, because it cannot renew a sign-in; --direct has it read a personal key from
    OPENCODE_API_KEY. Claude Code and Codex ask `opencode-auth token` themselves. For sdk the lines for a shell are
    printed: eval "$(opencode-auth use sdk)".
    """
    wish = Wish(**options)
    if tool == SDK:
        print_lines(wish)
    elif wish.shell:
        raise Misused("--shell is for sdk alone")
    elif wish.is_undo:
        undo(tool, is_agreed=wish.is_agreed)
    else:
        use(tool, wish)


def print_lines(wish: Wish) -> None:
    if wish.model:
        raise Misused("an SDK has no default model; name one in the program")
    shell = wish.shell or ("powershell" if sys.platform == "win32" else "sh")
    found = sdk.undo_lines(shell) if wish.is_undo else sdk.lines(connection(is_proxied=not wish.is_direct), shell)
    click.echo("\n".join(found))


def use(name: str, wish: Wish) -> None:
    tool = TOOLS[name]
    is_proxied = tool.is_proxied if wish.is_direct is None else not wish.is_direct
    ready = prepared(tool, is_proxied=is_proxied, model=wish.model)
    edits = tool.edits(ready.connection, ready.models, wish.model)
    wanted = config_file.Wanted(url=ready.connection.url, is_proxied=is_proxied, edits=edits)
    plan = config_file.to_use(name, wanted, home=Path.home(), environment=os.environ)
    for note in given_way(tool, edits, plan.then or ""):
        output.say(f"note: {note}")
    for place in in_the_way(tool, plan.then or ""):
        output.say(f"note: {place} goes before this; remove it")
    if plan.is_done:
        config_file.carry_out(plan)
        output.say(f"{tool.title} is already configured in {plan.file}")
        return
    if carried_out(plan, f"Write this to {plan.file}?", is_agreed=wish.is_agreed):
        output.say(f"{tool.title} is configured; `opencode-auth use {name} --undo` takes it back")


def given_way(tool: Tool, edits: Sequence[Edit], text: str) -> list[str]:
    """What the person has of their own and should know of."""
    return [
        f"{'.'.join(edit.path)} is your own and stays; {edit.otherwise}"
        for edit in edits
        if edit.otherwise and tool.form.read(text, edit.path) != edit.value
    ]


def in_the_way(tool: Tool, text: str) -> list[str]:
    """Where other credentials of the tool are set."""
    in_file = [
        f"env.{name} in its file" for name in tool.in_the_way if tool.form.read(text, ("env", name)) is not ABSENT
    ]
    return in_file + [f"{name} in the environment" for name in tool.in_the_way if os.environ.get(name)]


def undo(name: str, *, is_agreed: bool) -> None:
    plan = config_file.to_undo(name)
    title = TOOLS[name].title
    if plan is None:
        output.say(f"{title} was not configured by opencode-auth; nothing to undo")
        return
    for path in plan.kept:
        output.say(f"{'.'.join(path)} was changed since and stays")
    if plan.is_done:
        config_file.carry_out(plan)
        output.say(f"{plan.file} has nothing of ours any more")
    elif carried_out(plan, f"Restore {plan.file}?", is_agreed=is_agreed):
        output.say(f"{title} is as it was")


def carried_out(plan: config_file.Plan, question: str, *, is_agreed: bool) -> bool:
    """Whether the person agreed. The diff is the answer, so it goes to stdout."""
    click.echo(plan.diff)
    if not agree(question, is_given=is_agreed):
        output.say("nothing was changed")
        return False
    config_file.carry_out(plan)
    return True
