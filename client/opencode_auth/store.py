"""The one sign-in of this machine's user, kept between commands.

It is a file with mode 0600, sealed with a key of the keychain where there is one.
"""

import json
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from opencode_auth import keychain
from opencode_auth.files import private_folder, read_state, write_json
from opencode_auth.paths import state_folder

TOKEN = re.compile(r"[\x21-\x7e]+")
"""What may go into a header."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Times are seconds since the epoch on this machine's clock."""

    api_url: str
    """The gateway that the tokens are for; they go nowhere else."""
    issuer: str
    client_id: str
    token_endpoint: str
    revocation_endpoint: str | None
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scope: str
    is_renewed: bool
    """The access token came of a refresh, not of the person."""
    issued_s: float
    expires_s: float
    refresh_due_s: float
    subject: str
    email: str | None
    name: str | None

    @property
    def life_s(self) -> float:
        return self.expires_s - self.issued_s


def sign_in_file() -> Path:
    return state_folder() / "tokens.json"


def load() -> SignIn | None:
    """None when nobody is signed in, or when what was kept can no longer be read. Raises KeychainLocked, Misused."""
    document = read_state(sign_in_file())
    if document.get("place") == "keychain":
        text = keychain.opened(account(), document)
        return parsed(json.loads(text)) if text else None
    return parsed(document.get("sign_in"))


def save(sign_in: SignIn) -> None:
    """Where `place` says. Raises KeychainLocked, Misused when the folder cannot be written."""
    document = asdict(sign_in)
    if place() == "keychain":
        write_json(sign_in_file(), {"place": "keychain", **keychain.sealed(account(), json.dumps(document))})
    else:
        write_json(sign_in_file(), {"place": "file", "sign_in": document})


def prepare() -> None:
    """Finds out before a person signs in whether tokens can be kept. Raises KeychainLocked, Misused."""
    private_folder(state_folder())
    if place() == "keychain":
        keychain.sealed(account(), "")


def forget() -> None:
    document = read_state(sign_in_file())
    sign_in_file().unlink(missing_ok=True)
    if document.get("place") == "keychain":
        keychain.forget(account())


def place() -> str:
    """`keychain` or `file`: where tokens go, or where they are if they are kept already."""
    kept = read_state(sign_in_file()).get("place")
    return (
        keychain.wanted()
        or (kept if kept in keychain.PLACES else None)
        or ("keychain" if keychain.is_there() else "file")
    )


def account() -> str:
    """The keychain's entry: one for each folder."""
    return str(sign_in_file())


def parsed(document: Any) -> SignIn | None:
    """None for what is not a whole sign-in, such as one of another version."""
    names = [each.name for each in fields(SignIn)]
    if not isinstance(document, dict) or not all(name in document for name in names):
        return None
    return SignIn(**{name: document[name] for name in names})
