"""`status`: who is signed in, where, and for how long; asks nobody."""

import click

from opencode_auth import clock, gateway, output, store, tokens
from opencode_auth.commands.login import described, who
from opencode_auth.errors import SignInNeeded
from opencode_auth.store import SignIn
from opencode_auth.updates import notice


@click.command()
@output.as_json
def command(*, as_json: bool) -> None:
    """Who is signed in, where, and for how long. Exits with 3 when a sign-in is needed."""
    settings = gateway.saved()
    notice.show()
    if tokens.api_key():
        document = {"gateway": settings.api_url, "state": "api_key"}
        output.answer(f"{settings.api_url}: the key in {tokens.API_KEY_VARIABLE}", document, as_json=as_json)
        return
    try:
        found = tokens.current(settings)
    except SignInNeeded:
        output.answer(
            f"{settings.api_url}: signed out", {"gateway": settings.api_url, "state": "signed_out"}, as_json=as_json
        )
        raise
    state = state_of(found)
    output.answer(told(found, state), {**described(found), "state": state}, as_json=as_json)
    if state == "ended":
        raise SignInNeeded("the sign-in has ended")


def state_of(found: SignIn) -> str:
    if found.expires_s > clock.now_s():
        return "valid"
    return "refreshes" if found.refresh_token else "ended"


def told(found: SignIn, state: str) -> str:
    left = output.duration(found.expires_s - clock.now_s())
    times = {
        "valid": f"token valid for {left}{', then refreshed' if found.refresh_token else ', then sign in again'}",
        "refreshes": "token expired, refreshed when it is needed",
        "ended": "ended",
    }
    return f"{found.api_url}: {who(found)}, {times[state]} (kept in a {store.place()})"
