"""`login`: the person signs in, in a browser here or elsewhere."""

import click

from opencode_auth import clock, gateway, output, store, tokens
from opencode_auth.errors import Misused
from opencode_auth.gateway import GatewaySettings
from opencode_auth.signing_in import Way, by_browser, by_device, by_paste, sign_in
from opencode_auth.store import SignIn
from opencode_auth.updates import notice

TIMEOUT_S = 300


@click.command()
@click.option("--device", is_flag=True, help="Type a short code in a browser anywhere; for SSH.")
@click.option("--no-browser", is_flag=True, help="Open the address yourself and paste back where it ends.")
@click.option("--timeout", "timeout_s", type=click.IntRange(1, 3600), default=TIMEOUT_S, show_default=True)
@output.as_json
def command(*, device: bool, no_browser: bool, timeout_s: int, as_json: bool) -> None:
    """Sign in."""
    if device and no_browser:
        raise Misused("--device and --no-browser are two ways to sign in", hint="choose one")
    settings = gateway.saved()
    if tokens.api_key():
        output.say(f"note: {tokens.API_KEY_VARIABLE} is set and takes the place of this sign-in")
    found = sign_in(settings, chosen(settings, device=device, no_browser=no_browser, timeout_s=timeout_s))
    if found.refresh_token is None:
        left = output.duration(found.expires_s - clock.now_s())
        output.say(f"note: the provider gave no refresh token; sign in again in {left} (is offline_access asked for?)")
    output.answer(f"signed in as {who(found)}", described(found), as_json=as_json)
    notice.show()


def chosen(settings: GatewaySettings, *, device: bool, no_browser: bool, timeout_s: float) -> Way:
    if device:
        return by_device(output.say)
    if no_browser:
        return by_paste(settings.callback_ports, prompted, output.say)
    from opencode_auth.browser import open_page  # noqa: PLC0415  start-up

    return by_browser(settings.callback_ports, open_page, output.say, timeout_s=timeout_s)


def prompted(question: str) -> str:
    """A line of stdin. Raises click.Abort at its end."""
    return str(click.prompt(question, err=True))


def who(found: SignIn) -> str:
    return output.printable(found.email or found.name or found.subject)


def described(found: SignIn) -> dict[str, object]:
    """The sign-in without its secrets, for JSON."""
    return {
        "gateway": found.api_url,
        "issuer": found.issuer,
        "subject": found.subject,
        "email": found.email,
        "name": found.name,
        "scope": found.scope,
        "expires": output.moment(found.expires_s),
        "refreshes": found.refresh_token is not None,
        "kept_in": store.place(),
    }
