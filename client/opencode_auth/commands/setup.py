"""`setup`: which gateway this machine uses."""

from dataclasses import asdict, replace

import click

from opencode_auth import gateway, output, version
from opencode_auth.errors import Misused
from opencode_auth.gateway import GatewaySettings


@click.command()
@click.argument("host_url", metavar="https://HOST")
@click.option("--scopes", help="Ask the provider for these instead, separated by spaces.")
@click.option("--trust-new-keys", is_flag=True, help="Pin the gateway's release keys of today instead of the earlier.")
@output.as_json
def command(host_url: str, scopes: str | None, *, trust_new_keys: bool, as_json: bool) -> None:
    """Point this machine at a gateway: all it needs to know is read from there."""
    published = gateway.fetch(host_url)
    if scopes is not None:
        published = replace(published, scopes=asked_scopes(scopes))
    settings = set_up(published, trusts_new_keys=trust_new_keys)
    text = f"this machine uses {settings.api_url}"
    output.answer(text, asdict(settings), as_json=as_json)
    output.say("next: opencode-auth login")


def set_up(published: GatewaySettings, *, trusts_new_keys: bool = False) -> GatewaySettings:
    """The settings as they were saved. Raises ClientError for a client that is too old, Misused for other keys.

    New keys begin their own count of releases.
    """
    version.check(published.minimum_client, published.downloads_url)
    settings = published if trusts_new_keys else gateway.pinned(published)
    if trusts_new_keys:
        from opencode_auth.updates import releases  # noqa: PLC0415  start-up

        releases.forget(settings.api_url)
    gateway.save(settings)
    return settings


def asked_scopes(text: str) -> tuple[str, ...]:
    """Raises Misused without `openid`, which the check of who signed in needs."""
    scopes = tuple(dict.fromkeys(text.split()))
    if "openid" not in scopes:
        raise Misused("the scopes need openid", hint='--scopes "openid email offline_access"')
    return scopes
