"""Keychains as `keyring` backends: one that keeps things in a file of the test, one that stays locked."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class FileKeychain(KeyringBackend):
    """Entries are in the file that TEST_KEYCHAIN names."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file().write_text(json.dumps({**self._entries(), f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        entries = self._entries()
        if entries.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._file().write_text(json.dumps(entries))

    def _file(self) -> Path:
        return Path(os.environ["TEST_KEYCHAIN"])

    def _entries(self) -> dict[str, str]:
        return json.loads(self._file().read_text()) if self._file().exists() else {}


class LockedKeychain(KeyringBackend):
    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the person said no")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("the person said no")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("the person said no")
