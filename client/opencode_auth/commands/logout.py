"""`logout`: the refresh token is revoked, the tokens are forgotten, the proxy stops."""

import click

from opencode_auth import output, store
from opencode_auth.errors import ClientError
from opencode_auth.files import lock
from opencode_auth.oauth import grants
from opencode_auth.paths import state_folder
from opencode_auth.store import SignIn
from opencode_auth.tokens import LOCK_TIMEOUT_S


@click.command()
@output.as_json
def command(*, as_json: bool) -> None:
    """Sign out: revoke and forget the tokens."""
    stop_proxy()
    with lock(state_folder() / "refresh.lock", timeout_s=LOCK_TIMEOUT_S):
        found = readable()
        try:
            revoked = found is not None and revoke(found)
        finally:
            store.forget()
    text = "signed out" if found else "nobody was signed in"
    output.answer(text, {"was_signed_in": found is not None, "revoked": revoked}, as_json=as_json)


def readable() -> SignIn | None:
    """None also for a sign-in that cannot be read: it is forgotten all the same."""
    try:
        return store.load()
    except ClientError as error:
        output.say(f"note: {error.message}; the tokens are forgotten but not revoked")
        return None


def revoke(found: SignIn) -> bool:
    """Whether the provider revoked the refresh token. Raises ClientError when it should have and did not."""
    if found.refresh_token is None:
        return False
    if found.revocation_endpoint is None:
        output.say("note: the provider cannot revoke tokens; the refresh token is forgotten here only")
        return False
    try:
        grants.revoke(found.revocation_endpoint, found.client_id, found.refresh_token)
    except ClientError as error:
        message = f"signed out here, but the refresh token could not be revoked: {error.message}"
        raise ClientError(message, hint="end the session at the provider") from error
    return True


def stop_proxy() -> None:
    """Where one runs; a proxy that does not stop keeps nobody signed in."""
    from opencode_auth import proxy  # noqa: PLC0415  start-up

    try:
        proxy.stop()
    except ClientError as error:
        output.say(f"note: {error.message}")
