"""The operating system's keychain, which holds one key; the file with the tokens is sealed with it.

A keychain's entries are too small for tokens (2,560 bytes on Windows: CREDENTIALW, read 2026-11-21) and cannot be
replaced together; a sealed file is of any size and replaced in one step.
"""

import base64
import os
import secrets
from typing import Any

from opencode_auth.errors import ClientError, Misused

SERVICE = "opencode-auth"
KEY_BYTES = 32
NONCE_BYTES = 12
PLACES = ("keychain", "file")
PLACE_VARIABLE = "OPENCODE_AUTH_STORE"
REAL_PRIORITY = 1
"""What keyring gives its backends that keep something; those that refuse everything have less."""


class KeychainLocked(ClientError):
    """The keychain did not give the key."""

    def __init__(self, said: object) -> None:
        super().__init__(
            f"the keychain did not open: {said or 'refused'}",
            hint=f"unlock it; or {PLACE_VARIABLE}=file and opencode-auth login, to keep tokens in a file of yours",
        )


def wanted() -> str:
    """`keychain`, `file`, or empty to decide by what there is. Raises Misused for anything else."""
    place = os.environ.get(PLACE_VARIABLE, "")
    if place and place not in PLACES:
        raise Misused(f"{PLACE_VARIABLE} is {place!r}; it is one of {', '.join(PLACES)}")
    return place


def is_there() -> bool:
    """Whether a backend keeps what it is given."""
    import keyring  # noqa: PLC0415  start-up

    try:
        return float(keyring.get_keyring().priority) >= REAL_PRIORITY
    except Exception:  # backends raise whatever their platform does; then there is none
        return False


def sealed(account: str, text: str) -> dict[str, str]:
    """`{"nonce", "data"}` in base64. Raises KeychainLocked."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  start-up

    key = read_key(account) or made_key(account)
    nonce = secrets.token_bytes(NONCE_BYTES)
    data = AESGCM(key).encrypt(nonce, text.encode(), account.encode())
    return {"nonce": base64.b64encode(nonce).decode(), "data": base64.b64encode(data).decode()}


def opened(account: str, seal: dict[str, Any]) -> str | None:
    """The text; None when the keychain has no key for it any more. Raises KeychainLocked."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  start-up
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  start-up

    key = read_key(account)
    if key is None:
        return None
    try:
        nonce, data = (base64.b64decode(seal[name], validate=True) for name in ("nonce", "data"))
        return AESGCM(key).decrypt(nonce, data, account.encode()).decode()
    except (InvalidTag, KeyError, TypeError, ValueError):
        return None


def read_key(account: str) -> bytes | None:
    import keyring  # noqa: PLC0415  start-up
    from keyring.errors import KeyringError  # noqa: PLC0415  start-up

    try:
        found = keyring.get_password(SERVICE, account)
    except KeyringError as error:
        raise KeychainLocked(error) from error
    try:
        key = base64.b64decode(found or "", validate=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def made_key(account: str) -> bytes:
    import keyring  # noqa: PLC0415  start-up
    from keyring.errors import KeyringError  # noqa: PLC0415  start-up

    key = secrets.token_bytes(KEY_BYTES)
    try:
        keyring.set_password(SERVICE, account, base64.b64encode(key).decode())
    except KeyringError as error:
        raise KeychainLocked(error) from error
    return key


def forget(account: str) -> None:
    """Removes the key, where there is one that can be removed."""
    import keyring  # noqa: PLC0415  start-up
    from keyring.errors import KeyringError  # noqa: PLC0415  start-up

    try:
        keyring.delete_password(SERVICE, account)
    except KeyringError:
        return
