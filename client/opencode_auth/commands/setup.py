"""`setup`: which gateway this machine uses."""

from dataclasses import asdict, replace

import click

from opencode_auth import gateway, output, version
from opencode_auth.errors import Misused


@click.command()
@click.argument("host_url", metavar="https://HOST")
@click.option("--scopes", help="Ask the provider for these instead, separated by spaces.")
@output.as_json
def command(host_url: str, scopes: str | None, *, as_json: bool) -> None:
    """Point this machine at a gateway: all it needs to know is read from there."""
    settings = gateway.fetch(host_url)
    version.check(settings.minimum_client)
    if scopes is not None:
        settings = replace(settings, scopes=asked_scopes(scopes))
    gateway.save(settings)
    text = f"this machine uses {settings.api_url}"
    output.answer(text, asdict(settings), as_json=as_json)
    output.say("next: opencode-auth login")


def asked_scopes(text: str) -> tuple[str, ...]:
    """Raises Misused without `openid`, which the check of who signed in needs."""
    scopes = tuple(dict.fromkeys(text.split()))
    if "openid" not in scopes:
        raise Misused("the scopes need openid", hint='--scopes "openid email offline_access"')
    return scopes
