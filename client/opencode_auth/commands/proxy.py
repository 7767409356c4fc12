"""`opencode-auth proxy`: the local proxy's start, stop, state and log."""

import logging
from collections.abc import Mapping
from dataclasses import asdict

import click

from opencode_auth import output
from opencode_auth.errors import ClientError, Misused
from opencode_auth.proxy import daemon
from opencode_auth.proxy.record import Record, running


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """The local proxy for tools that cannot refresh; alone: its state."""
    if context.invoked_subcommand is None:
        context.invoke(status)


@command.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen; the next free one if it is taken.")
@click.option("--foreground", is_flag=True, help="Stay in this terminal and log to it.")
@click.option("--handshake", is_flag=True, hidden=True)
@output.as_json
def start(*, port: int | None, foreground: bool, handshake: bool, as_json: bool) -> None:
    """Start it, unless it runs."""
    if handshake:
        serve_detached(port)
    elif foreground:
        serve_here(port)
    else:
        daemon.ensure(port)
        show(as_json=as_json)


@command.command()
def stop() -> None:
    """Stop it, after its open requests."""
    click.echo("stopped" if daemon.stop() else "not running")


@command.command()
@output.as_json
def status(*, as_json: bool = False) -> None:
    """Whether it runs, and where."""
    show(as_json=as_json)


@command.command()
@click.option("-n", "--lines", type=click.IntRange(1), default=100, show_default=True, help="How many at most.")
def logs(lines: int) -> None:
    """The last lines of its log."""
    from opencode_auth.proxy.log_file import last_lines  # noqa: PLC0415  start-up

    for line in last_lines(lines):
        click.echo(line)


def show(*, as_json: bool) -> None:
    found = running()
    output.answer(told(found), described(found), as_json=as_json)


def told(found: Record | None) -> str:
    if found is None:
        return "not running"
    return (
        f"running at {found.url} for {found.api_url} (process {found.pid}, since {output.moment(found.started_at_s)})"
    )


def described(found: Record | None) -> Mapping[str, object]:
    """`{"running": false}`, or what the proxy wrote down and its `url`."""
    return {"running": False} if found is None else {"running": True, "url": found.url, **asdict(found)}


def serve_here(port: int | None) -> None:
    """Runs until Ctrl-C. Raises Misused when one runs already."""
    from contextlib import ExitStack  # noqa: PLC0415  start-up

    from opencode_auth.proxy import log_file, service  # noqa: PLC0415  start-up

    log_file.to_terminal()
    with ExitStack() as started:
        started.enter_context(daemon.start_lock())
        if running() is not None:
            raise Misused("the proxy is running already", hint="opencode-auth proxy stop")
        service.run(port, lambda _: started.close())


def serve_detached(port: int | None) -> None:
    """Runs as the child of `proxy start`, which is told once that it is ready, or why not."""
    from opencode_auth.proxy import log_file, service  # noqa: PLC0415  start-up

    try:
        log_file.to_file(log_file.log_file())
        service.run(port, lambda record: daemon.shake_hands(asdict(record)))
    except ClientError as error:
        daemon.shake_hands({"error": error.message, "hint": error.hint, "exit_code": error.exit_code})
    except Exception:
        logging.getLogger(__name__).exception("the proxy failed")
        raise
