"""`shares [list]|show|change|delete`: the sessions that the person shares."""

import re
from dataclasses import asdict
from typing import Any

import click

from opencode_auth import output, shares
from opencode_auth.errors import Misused
from opencode_auth.table import table

HEADER = ("ID", "VISIBILITY", "EXPIRES", "KB", "TITLE")
MINUTE = len("2026-11-21T09:30")
LIFETIME = re.compile(r"([0-9]{1,5})([hd])")
HOURS = {"h": 1, "d": 24}
MOST_HOURS = 90 * 24

everyones = click.option("--all", "is_everyones", is_flag=True, help="Those of everybody; for administrators.")


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Shared sessions: list, show, change, delete. Lists them without a word of these."""
    if context.invoked_subcommand is None:
        context.invoke(listing)


@command.command("list")
@everyones
@output.as_json
def listing(*, is_everyones: bool, as_json: bool) -> None:
    """List the sessions that you share."""
    found = shares.listed(is_everyones=is_everyones)
    header = (*HEADER, "OWNER") if is_everyones else HEADER
    rows = [row(each)[: len(header)] for each in found]
    text = table(header, rows, right=("KB",)) if found else "no shared sessions"
    output.answer(text, [asdict(each) for each in found], as_json=as_json)


@command.command()
@click.argument("share_id", metavar="ID")
@everyones
@output.as_json
def show(share_id: str, *, is_everyones: bool, as_json: bool) -> None:
    """Everything about one of them, with its link."""
    found = shares.found(share_id, is_everyones=is_everyones)
    output.answer(told(found), asdict(found), as_json=as_json)


@command.command()
@click.argument("share_id", metavar="ID")
@click.option("--visibility", type=click.Choice(shares.VISIBILITIES), help="Who may see it.")
@click.option("--person", "people", multiple=True, metavar="E-MAIL", help="Who is listed from now on; again for more.")
@click.option("--expires-in", metavar="TIME", help="From now: 12h, 7d; at most 90d.")
@output.as_json
def change(share_id: str, *, as_json: bool, **options: Any) -> None:
    """Change who may see it, and for how long.

    organisation: whoever can sign in; people: those listed; link: whoever has the link.
    """
    wish = wish_of(**options)
    if not wish:
        raise Misused("nothing to change", hint="opencode-auth shares change --help")
    changed = shares.change(share_id, wish)
    output.answer(told(changed), asdict(changed), as_json=as_json)


@command.command()
@click.argument("share_id", metavar="ID")
@output.as_json
def delete(share_id: str, *, as_json: bool) -> None:
    """Delete it, for everybody and at once. The session on your machine stays."""
    shares.delete(share_id)
    output.answer(f"deleted {share_id}", {"id": share_id, "is_deleted": True}, as_json=as_json)


def wish_of(*, visibility: str | None, people: tuple[str, ...], expires_in: str | None) -> dict[str, Any]:
    """What the host is asked for; what was not said stays as it is. Raises Misused."""
    wish = {
        "visibility": visibility,
        "people": [*people] or None,
        "expires_in_hours": hours(expires_in) if expires_in is not None else None,
    }
    return {name: value for name, value in wish.items() if value is not None}


def hours(text: str) -> int:
    """Of `12h` or `7d`. Raises Misused."""
    found = LIFETIME.fullmatch(text)
    count = int(found[1]) * HOURS[found[2]] if found else 0
    if not 1 <= count <= MOST_HOURS:
        raise Misused(f"--expires-in is {text!r}, not a time from 1h to 90d")
    return count


def row(share: shares.Share) -> tuple[str, ...]:
    kilobytes = f"{-(-share.size_bytes // 1000):,}"
    words = (output.printable(share.title), output.printable(share.owner_name))
    return (share.id, share.visibility, share.expires_at[:MINUTE], kilobytes, *words)


def told(share: shares.Share) -> str:
    facts = {
        "link": share.url,
        "title": share.title,
        "owner": share.owner_name,
        "visibility": share.visibility,
        "people": ", ".join(share.people) or "none",
        "created": share.created_at,
        "expires": share.expires_at,
        "size": f"{share.size_bytes:,} bytes",
        "session": share.session_id,
    }
    width = max(map(len, facts))
    return "\n".join(f"{name:<{width}}  {output.printable(value)}".rstrip() for name, value in facts.items())
