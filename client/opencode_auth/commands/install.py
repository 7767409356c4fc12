"""`install`: from a downloaded file to a machine that is set up; what the installers call."""

import os
import shutil
import sys
from pathlib import Path

import click

from opencode_auth import gateway, output, terminal, tokens
from opencode_auth.commands import setup
from opencode_auth.errors import ClientError, Misused, SignInNeeded
from opencode_auth.files import lock
from opencode_auth.gateway import GatewaySettings
from opencode_auth.paths import state_folder
from opencode_auth.updates import installation, layout, pointer, search_path
from opencode_auth.updates.installation import Installation, Kind
from opencode_auth.version import VERSION, numbers

LOCK_TIMEOUT_S = 60.0
SETUP = "opencode-auth setup https://HOST"
NEXT_TOOL = "next: opencode-auth use opencode, or claude-code, codex, sdk"


@click.command()
@click.option(
    "--gateway", "host_url", required=True, metavar="https://HOST", help="The gateway that this machine uses."
)
@click.option("--no-login", "is_no_login", is_flag=True, help="Do not go on to the sign-in.")
def command(host_url: str, *, is_no_login: bool) -> None:
    """Put this program in its place, point it at a gateway, and sign in where somebody is at the terminal.

    Configuration that is there for that gateway stays as it is. Run again, it changes nothing.
    """
    gateway.origin(host_url)
    with lock(state_folder() / "update.lock", timeout_s=LOCK_TIMEOUT_S):
        place, installed = put_in_place(installation.here())
    click.echo(f"opencode-auth {installed} is installed: {place}")
    tell_search_path(place)
    settings = configured(host_url)
    go_on(settings, is_no_login=is_no_login)


def put_in_place(found: Installation) -> tuple[Path, str]:
    """The command that a person calls, and its version: never an older one than before, if that one works.

    Raises Misused, DoesNotStart; the machine is then as it was.
    """
    match found.kind:
        case Kind.UV | Kind.PIPX | Kind.PIP:
            return Path(shutil.which("opencode-auth") or layout.environment_program(found.place)), VERSION
        case Kind.CHECKOUT:
            raise Misused("this program runs from a checkout, so there is nothing to put in place", hint=SETUP)
    layout.sweep()
    before = layout.current()
    if before and numbers(VERSION) < numbers(before) and works(before):
        output.say(f"opencode-auth {before} is there already and stays: it is newer than {VERSION}")
        return pointer.file(), before
    layout.activate(own_program(found), VERSION)
    if before not in {None, VERSION}:
        layout.tidy({VERSION, before})
    return pointer.file(), VERSION


def works(version: str) -> bool:
    """Whether the command is that version, and starts."""
    try:
        layout.try_out([str(pointer.file())], version)
    except layout.DoesNotStart:
        return False
    return True


def own_program(found: Installation) -> Path:
    """In the layout; a single file is copied there first."""
    if found.kind is Kind.ENVIRONMENT:
        return layout.environment_program(layout.version_folder(VERSION) / layout.ENVIRONMENT)
    if found.kind is Kind.EXECUTABLE:
        return layout.version_folder(VERSION) / layout.PROGRAM
    with layout.workshop() as folder:
        copy = folder / layout.PROGRAM
        shutil.copyfile(found.place, copy)
        return layout.place_executable(copy, VERSION)


def tell_search_path(place: Path) -> None:
    folder, folders = place.parent, os.environ.get("PATH", "")
    if other := search_path.found_instead(place, folders):
        output.say(f"note: a shell calls {other} instead: remove it, or put {folder} before its folder on PATH")
    elif not search_path.has(folder, folders):
        output.say(f"{folder} is not on PATH, so a shell does not find the command yet. This adds it:")
        output.say(f"  {search_path.how_to_add(folder, os.environ)}")
        output.say("Then open a new terminal.")


def configured(host_url: str) -> GatewaySettings:
    """What `setup` does, unless this machine uses that gateway already; an older set-up gets the keys that it lacks."""
    before = gateway.earlier()
    if before and before.api_url == gateway.origin(host_url) and before.release_keys:
        return kept(before)
    published = gateway.fetch(host_url)
    if before is None or before.api_url != published.api_url:
        settings = setup.set_up(published)
        output.say(f"this machine uses {settings.api_url}{f', no longer {before.api_url}' if before else ''}")
        return settings
    if not before.release_keys:
        gateway.amend(before, downloads_url=published.downloads_url, release_keys=published.release_keys)
    return kept(gateway.saved())


def kept(settings: GatewaySettings) -> GatewaySettings:
    output.say(f"this machine uses {settings.api_url} already; its configuration stays")
    return settings


def go_on(settings: GatewaySettings, *, is_no_login: bool) -> None:
    """To the sign-in, where somebody sees it and none is there; one that does not work leaves the rest as it is."""
    if tokens.api_key() or is_signed_in(settings):
        output.say(NEXT_TOOL)
    elif is_no_login or not terminal.is_watched():
        output.say("next: opencode-auth login")
    else:
        try_to_sign_in(settings)


def is_signed_in(settings: GatewaySettings) -> bool:
    try:
        tokens.current(settings)
    except (SignInNeeded, ClientError):
        return False
    return True


def try_to_sign_in(settings: GatewaySettings) -> None:
    """By the browser of this machine; over SSH by a code, or by pasting where the provider has none."""
    from opencode_auth.browser import is_likely, open_page  # noqa: PLC0415  start-up
    from opencode_auth.commands.login import TIMEOUT_S, who  # noqa: PLC0415  start-up
    from opencode_auth.signing_in import by_browser, by_device, by_paste, sign_in  # noqa: PLC0415  start-up

    if is_likely(sys.platform, os.environ):
        way = by_browser(settings.callback_ports, open_page, output.say, timeout_s=TIMEOUT_S)
    elif settings.device_authorization_endpoint:
        way = by_device(output.say)
    else:
        way = by_paste(settings.callback_ports, terminal.ask, output.say)
    try:
        found = sign_in(settings, way)
    except (ClientError, OSError, KeyboardInterrupt) as error:
        output.say(f"not signed in: {getattr(error, 'message', None) or 'interrupted'}")
        output.say("next: opencode-auth login")
        return
    click.echo(f"signed in as {who(found)}")
    output.say(NEXT_TOOL)
