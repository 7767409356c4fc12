"""`keys [list]|create|revoke`: the person's API keys at the gateway."""

from dataclasses import asdict

import click

from opencode_auth import api, output
from opencode_auth.table import table

HEADER = ("PREFIX", "STATUS", "CREATED", "EXPIRES", "LAST USED", "DESCRIPTION")
DAY = len("2026-11-21")


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """API keys: list, create, revoke. Lists them without a word of these."""
    if context.invoked_subcommand is None:
        context.invoke(listing)


@command.command("list")
@output.as_json
def listing(*, as_json: bool) -> None:
    """List your API keys."""
    found = api.keys()
    text = table(HEADER, [row(each) for each in found]) if found else "no API keys"
    output.answer(text, [asdict(each) for each in found], as_json=as_json)


@command.command()
@click.option("-d", "--description", default="", help="What the key is for.")
@click.option("--expires-in-days", type=click.IntRange(min=1), metavar="DAYS", help="90 unless said.")
@output.as_json
def create(description: str, expires_in_days: int | None, *, as_json: bool) -> None:
    """Create an API key and print it; it is shown this once and kept nowhere."""
    new = api.create_key(description, expires_in_days)
    output.answer(new["key"], new, as_json=as_json)
    output.say(f"{new['key_prefix']} is good until {new['expires_at'][:DAY]}; it is shown this once")


@command.command()
@click.argument("prefix")
@output.as_json
def revoke(prefix: str, *, as_json: bool) -> None:
    """Revoke an API key by its prefix, as `keys` lists it."""
    api.revoke_key(prefix)
    output.answer(f"revoked {prefix}", {"key_prefix": prefix, "status": "revoked"}, as_json=as_json)


def row(key: api.Key) -> tuple[str, ...]:
    last_used = (key.last_used_at or "never")[:DAY]
    return (key.key_prefix, key.status, key.created_at[:DAY], key.expires_at[:DAY], last_used, key.description)
