"""`uninstall`: every change that was made to this machine, taken back."""

import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from opencode_auth import output, paths
from opencode_auth.consent import agree
from opencode_auth.errors import ClientError
from opencode_auth.tools import config_file
from opencode_auth.tools.catalogue import TOOLS
from opencode_auth.updates import installation, layout, pointer
from opencode_auth.updates.installation import Installation, Kind

Step = tuple[str, Callable[[], object]]
"""What the person is told, and how it is done."""


@click.command()
@click.option("-y", "--yes", "is_agreed", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, is_agreed: bool) -> int:
    """Undo the tools' configurations, stop the proxy, sign out and remove our files.

    Keys at the gateway stay: revoke them first.
    """
    tools, own, found = tool_steps(), own_steps(context), installation.here()
    for words, _ in (*tools, *own):
        click.echo(words)
    if not agree("Do all this?", is_given=is_agreed):
        output.say("nothing was changed")
        return 0
    # our files hold the way back for tools, so they stay until that has been gone
    is_whole = carried_out(tools) and carried_out(own)
    if how := left_to_remove(found):
        output.say(f"the program itself: {how}")
    return 0 if is_whole else 1


def left_to_remove(found: Installation) -> str | None:
    """What the person does for a program that somebody else looks after; None for ours, and for a checkout."""
    match found.kind:
        case Kind.UV:
            return "uv tool uninstall opencode-auth"
        case Kind.PIPX:
            return "pipx uninstall opencode-auth"
        case Kind.PIP:
            return f"{sys.executable} -m pip uninstall opencode-auth"
        case Kind.LOOSE:
            return f"remove {found.place}"
    return None


def tool_steps() -> list[Step]:
    plans = [plan for plan in map(config_file.to_undo, TOOLS) if plan]
    return [(f"restore {plan.file}", partial(config_file.carry_out, plan)) for plan in plans]


def own_steps(context: click.Context) -> list[Step]:
    from opencode_auth.commands import logout  # noqa: PLC0415  start-up

    folders = dict.fromkeys((paths.config_folder(), paths.state_folder(), paths.cache_folder(), paths.data_folder()))
    removals = [(f"remove {folder}", partial(remove, folder)) for folder in folders]
    return [("stop the local proxy and sign out", partial(context.invoke, logout.command)), *program_steps(), *removals]


def program_steps() -> list[Step]:
    """The command, where it is ours."""
    if layout.current() is None:
        return []
    return [(f"remove {pointer.file()}", pointer.remove)]


def remove(folder: Path) -> None:
    """Raises ClientError when something stays: on Windows a program that runs cannot be removed, such as this one."""
    if folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
    left = next((file for file in folder.rglob("*") if not file.is_dir()), None)
    if left is not None:
        raise ClientError(f"{left} is in use or not yours; remove the folder when this command has ended")


def carried_out(steps: Sequence[Step]) -> bool:
    """Whether all of it worked; what does not is said, and the rest of these is done all the same."""
    is_whole = True
    for words, step in steps:
        try:
            step()
        except (ClientError, OSError) as error:
            output.say(f"could not {words}: {error}")
            is_whole = False
    return is_whole
