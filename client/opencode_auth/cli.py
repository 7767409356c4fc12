"""The command line; a command's module is imported when it is used.

stdout is the answer, stderr is everything else. Exit codes: 0 done, 1 failed, 2 misused, 3 sign in again.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import click

from opencode_auth import packed
from opencode_auth.errors import ClientError, Misused
from opencode_auth.version import VERSION

COMMANDS: Mapping[str, str] = {
    "setup": "Point this machine at a gateway.",
    "login": "Sign in.",
    "logout": "Sign out: revoke and forget the tokens.",
    "status": "Who is signed in, where, and for how long.",
    "token": "Print an access token, for scripts and tools.",
    "ci": "Print the credential of a CI job, without a browser.",
    "use": "Configure a tool for the gateway.",
    "run": "Run a tool through the gateway.",
    "keys": "API keys: list, create, revoke.",
    "models": "The models of the gateway.",
    "usage": "What you have used, and what it cost.",
    "shares": "Shared sessions: list, show, change, delete.",
    "proxy": "The local proxy for tools that cannot refresh.",
    "doctor": "Check everything and say how to fix it.",
    "update": "Get the latest version of this program.",
    "install": "Put this program in its place; what the installers call.",
    "completions": "Completions for a shell.",
    "uninstall": "Undo every change that was made to this machine.",
}
"""Name and summary; module `commands.NAME` holds it as `command`."""


class LazyGroup(click.Group):
    """Lists its commands without importing them; renders errors as one line and a hint."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [*COMMANDS]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = import_module(f"opencode_auth.commands.{cmd_name}").command
        assert isinstance(found, click.Command), cmd_name  # noqa: S101  a fault of this program, not of its user
        return found

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002  click's signature
        **extra: Any,
    ) -> Any:
        run = partial(super().main, args, prog_name, complete_var, standalone_mode=False, **extra)
        if not standalone_mode:
            return run()
        return sys.exit(exit_code(run))


def exit_code(run: Callable[[], object]) -> int:
    """Of a command that was run; its errors are told."""
    try:
        outcome = run()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "opencode-auth"
        return told(Misused(error.format_message(), hint=f"{command} --help"))
    except click.ClickException as error:
        return told(ClientError(error.format_message()))
    except click.Abort:
        return told(ClientError("interrupted"))
    except (ClientError, OSError) as error:
        return told(error if isinstance(error, ClientError) else of_system(error))
    return outcome if isinstance(outcome, int) else 0


def of_system(error: OSError) -> ClientError:
    return ClientError(f"{error.filename or 'input or output'}: {error.strerror or error}")


def told(error: ClientError) -> int:
    """The exit code, after the error was written."""
    click.echo(f"error: {' '.join(error.message.split())}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
    return error.exit_code


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="opencode-auth")
def cli() -> None:
    """Give coding agents access to models through your company's gateway."""


def main() -> None:
    packed.leave_no_trace(os.environ)
    cli(prog_name="opencode-auth")
