"""`shares [list]|show|change|delete`: the sessions that the person shares."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from opencode_auth import clock, output, share_warnings, shares
from opencode_auth.errors import Misused
from opencode_auth.table import table

HEADER = ("VISIBILITY", "EXPIRES", "KB", "TITLE")
DAY_S = 24 * 60 * 60
LIFETIME = re.compile(r"([0-9]{1,5})([hd])")
HOURS = {"h": 1, "d": 24}
MOST_HOURS = 90 * 24

one = click.argument("name", metavar="ID|LINK")


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Shared sessions: list, show, change, delete. Lists them without a word of these.

    Administrators may show, change and delete anybody's.
    """
    if context.invoked_subcommand is None:
        context.invoke(listing)


@command.command("list")
@click.option("--all", "is_everyones", is_flag=True, help="Those of everybody; for administrators.")
@click.option("--links", "has_links", is_flag=True, help="Links in place of ids.")
@output.as_json
def listing(*, is_everyones: bool, has_links: bool, as_json: bool) -> None:
    """List the sessions that you share."""
    found, warnings = shares.listed(is_everyones=is_everyones), share_warnings.every()
    header = ("LINK" if has_links else "ID", *HEADER, *(["OWNER"] if is_everyones else []))
    rows = [((each.url if has_links else each.id), *row(each))[: len(header)] for each in found]
    text = table(header, rows, right=("KB",)) if found else "no shared sessions"
    output.answer(text, [document(each, warnings) for each in found], as_json=as_json)
    for each in found:
        if each.id in warnings:
            output.say(f"{each.id} {suspicion(warnings[each.id])}")


@command.command()
@one
@output.as_json
def show(name: str, *, as_json: bool) -> None:
    """Everything about one of them, with its link."""
    answer(shares.found(name), as_json=as_json)


@command.command()
@one
@click.option("--visibility", type=click.Choice(shares.VISIBILITIES), help="Who may see it.")
@click.option("--person", "people", multiple=True, metavar="E-MAIL", help="Who is listed from now on; again for more.")
@click.option("--no-people", "is_emptied", is_flag=True, help="Nobody is listed from now on.")
@click.option("--expires-in", metavar="TIME", help="From now: 12h, 7d; at most 90d.")
@output.as_json
def change(name: str, *, as_json: bool, **options: Any) -> None:
    """Change who may see it, and for how long.

    organisation: whoever can sign in; people: those listed; link: whoever has the link.
    """
    wish = wish_of(**options)
    if not wish:
        raise Misused("nothing to change", hint="opencode-auth shares change --help")
    changed = shares.change(name, wish)
    answer(changed, as_json=as_json)
    if changed.visibility == "people" and not changed.people:
        output.say("nobody is listed: its owner and administrators alone can see it; --person E-MAIL lists somebody")


@command.command()
@one
@output.as_json
def delete(name: str, *, as_json: bool) -> None:
    """Delete it, for everybody and at once. The session on your machine stays."""
    share_id = shares.delete(name)
    output.answer(f"deleted {share_id}", {"id": share_id, "is_deleted": True}, as_json=as_json)


def wish_of(
    *, visibility: str | None, people: tuple[str, ...], is_emptied: bool, expires_in: str | None
) -> dict[str, Any]:
    """What the host is asked for; what was not said stays as it is. Raises Misused."""
    if people and is_emptied:
        raise Misused("--person and --no-people contradict each other")
    wish = {
        "visibility": visibility,
        "people": [*people] if people or is_emptied else None,
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
    """What stands beside its id or link, the owner last."""
    kilobytes = f"{-(-share.size_bytes // 1000):,}"
    words = (output.printable(share.title), output.printable(share.owner_name))
    return (share.visibility, left(share.expires_at), kilobytes, *words)


def left(expires_at: str) -> str:
    """`in 6 days`, and less than two of them as `in 5 h 10 min`."""
    left_s = datetime.fromisoformat(expires_at).timestamp() - clock.now_s()
    if left_s <= 0:
        return "expired"
    return f"in {int(left_s) // DAY_S} days" if left_s >= 2 * DAY_S else f"in {output.duration(left_s)}"


def answer(share: shares.Share, *, as_json: bool) -> None:
    warnings = share_warnings.every()
    output.answer(told(share, warnings.get(share.id)), document(share, warnings), as_json=as_json)


def document(share: shares.Share, warnings: share_warnings.Found) -> dict[str, object]:
    return {**asdict(share), "secrets": warnings.get(share.id, {})}


def suspicion(found: Mapping[str, int]) -> str:
    return f"looks like it contains {share_warnings.words(found)}: whoever may see it can read that"


def told(share: shares.Share, suspected: Mapping[str, int] | None) -> str:
    facts = {
        "link": share.url,
        "title": share.title,
        "owner": share.owner_name,
        "visibility": share.visibility,
        "people": ", ".join(share.people) or "none",
        "created": share.created_at,
        "expires": f"{share.expires_at} ({left(share.expires_at)})",
        "size": f"{share.size_bytes:,} bytes",
        "session": share.session_id,
        **({"secrets": suspicion(suspected)} if suspected else {}),
    }
    width = max(map(len, facts))
    return "\n".join(f"{name:<{width}}  {output.printable(value)}".rstrip() for name, value in facts.items())
