"""`usage`: what the person has used."""

from datetime import datetime

import click

from opencode_auth import output
from opencode_auth.table import table
from opencode_auth.usage import Sums, Usage, usage

COLUMNS = ("REQUESTS", "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE", "USD")
WITHOUT_KEY = "signed in"
DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", type=DAY, metavar="YYYY-MM-DD", help="First day; the last seven unless said.")
@click.option("--to", "last", type=DAY, metavar="YYYY-MM-DD", help="Last day; today unless said.")
@click.option("--by", type=click.Choice(["day", "model", "key"]), default="day", show_default=True)
@output.as_json
def command(first: datetime | None, last: datetime | None, by: str, *, as_json: bool) -> None:
    """What you have used: requests, tokens and their cost.

    Of your sign-in and all your keys. At most 31 days, which are those of UTC.
    """
    found = usage(first.date() if first else None, last.date() if last else None, by)
    output.answer(told(found), found.document(), as_json=as_json)
    if not found.is_complete:
        output.say(f"counted from {found.counted_from}: what is older was too much to read; ask for fewer days")
    if found.total.estimates:
        output.say(f"{found.total.estimates:,} of {found.total.requests:,} requests are estimates")


def told(found: Usage) -> str:
    if not found.groups:
        return f"nothing from {found.first} to {found.last}"
    rows = [row(output.printable(group.name or WITHOUT_KEY), group.sums) for group in found.groups]
    return table((found.by.upper(), *COLUMNS), [*rows, row("total", found.total)], right=COLUMNS)


def row(name: str, sums: Sums) -> tuple[str, ...]:
    counts = (
        sums.requests,
        sums.input_tokens,
        sums.output_tokens,
        sums.cache_read_tokens,
        sums.cache_write_tokens,
    )
    return (name, *(f"{number:,}" for number in counts), sums.cost_usd)
