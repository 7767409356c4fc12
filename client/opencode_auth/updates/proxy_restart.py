"""The local proxy of the new version in the place of the old one's, which ends after its open requests."""

from collections.abc import Callable, Sequence

from opencode_auth import output
from opencode_auth.errors import ClientError
from opencode_auth.proxy.record import credential_mark, running
from opencode_auth.tokens import api_key
from opencode_auth.updates import environment

Restart = Callable[[Sequence[str]], None]
"""Takes the command that starts the new version."""


def planned_restart() -> Restart:
    """Decided before this version's files may be gone."""
    record = running()
    if record is None:
        return lambda _command: None
    is_same_key = record.credential_mark == credential_mark(api_key())
    return restart if is_same_key else leave


def restart(command: Sequence[str]) -> None:
    """`proxy start` replaces a proxy of another version."""
    try:
        environment.carried_out((*command, "proxy", "start"), hint=None)
    except ClientError as error:
        output.say(f"note: the local proxy was not restarted: {error.message}; opencode-auth proxy start")


def leave(_command: Sequence[str]) -> None:
    output.say("note: the local proxy runs with another key; where it was started: opencode-auth proxy start")
