"""`update`: the latest version of this program, verified, tried, and taken back when it does not start."""

from pathlib import Path

import click

from opencode_auth import api, gateway, output
from opencode_auth.errors import ClientError
from opencode_auth.files import Locked, lock
from opencode_auth.gateway import GatewaySettings
from opencode_auth.paths import state_folder
from opencode_auth.updates import (
    artifacts,
    download,
    installation,
    layout,
    notice,
    releases,
    replacement,
    settings_patch,
)
from opencode_auth.updates.installation import Installation, Kind
from opencode_auth.updates.manifest import Manifest
from opencode_auth.updates.proxy_restart import planned_restart
from opencode_auth.version import VERSION, numbers


@click.command()
@click.option("--check", "is_check", is_flag=True, help="Only say whether there is a newer version.")
@output.as_json
def command(*, is_check: bool, as_json: bool) -> None:
    """Get the latest version. Settings, tools' configurations and the sign-in stay as they are.

    With --check nothing changes; it exits with 0 whether or not there is a newer version, which --json tells apart.
    """
    settings = gateway.saved()
    if is_check:
        release = releases.latest(settings)
        output.answer(told(release, VERSION), described(release, VERSION), as_json=as_json)
        return
    try:
        with lock(state_folder() / "update.lock", timeout_s=0):
            brought_up_to_date(settings, as_json=as_json)
    except Locked as error:
        raise ClientError("another update is running", hint="wait for it to end") from error


def brought_up_to_date(settings: GatewaySettings, *, as_json: bool) -> None:
    """Called with the lock held. The program first: an old one may not understand new settings."""
    layout.sweep()
    release = releases.latest(settings)
    found = installation.here()
    before = (layout.current() if found.is_own else None) or VERSION
    is_newer = numbers(before) < numbers(release.version)
    if is_newer:
        replace(found, release)
    output.answer(done(release, before, is_newer=is_newer), described(release, before), as_json=as_json)
    if settings_patch.apply(release, settings.api_url):
        output.say("settings of the release were taken over")


def replace(found: Installation, release: Manifest) -> None:
    """Raises ClientError; the version before then still works."""
    if found.kind is Kind.CHECKOUT:
        source = Path(__file__).parent
        raise ClientError("this program runs from a checkout, which is no release", hint=f"git -C {source} pull")
    artifact = artifacts.chosen(release, found.artifact_kind, artifacts.this_platform())
    restart_proxy = planned_restart()
    with layout.workshop() as folder:
        url = api.download_address(release.version, artifact.name)
        file = download.fetched(url, artifact, folder)
        start = replacement.replaced(found, file, release.version)
    restart_proxy(start)


def told(release: Manifest, version: str) -> str:
    lines = [headline(release, version)]
    if notice.is_below(release.minimum):
        lines.append(f"{release.minimum} or newer is required")
    if release.is_critical and numbers(version) < numbers(release.version):
        lines.append("it is a critical update")
    return "\n".join([*lines, *message(release)])


def headline(release: Manifest, version: str) -> str:
    if numbers(version) < numbers(release.version):
        return f"opencode-auth {release.version} is there, this is {version}: opencode-auth update"
    if version == release.version:
        return f"opencode-auth {version} is the latest version"
    return f"opencode-auth {version} is newer than the latest release, {release.version}"


def done(release: Manifest, before: str, *, is_newer: bool) -> str:
    if not is_newer:
        return headline(release, before)
    return "\n".join([f"opencode-auth {release.version} took the place of {before}", *message(release)])


def message(release: Manifest) -> list[str]:
    text = " ".join(output.printable(release.message).split())
    return [text] if text else []


def described(release: Manifest, version: str) -> dict[str, object]:
    """`current` is the version before an update."""
    return {
        "current": version,
        "latest": release.version,
        "minimum": release.minimum,
        "critical": release.is_critical,
        "message": output.printable(release.message),
        "is_available": numbers(version) < numbers(release.version),
        "is_required": notice.is_below(release.minimum),
    }
