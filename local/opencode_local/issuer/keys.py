"""The keys that sign, and those that are still published."""

import os
from pathlib import Path
from typing import Any

import msgspec
from joserfc.jwk import KeySet, RSAKey

KEY_BITS = 2048
ALGORITHM = "RS256"
KEYS_FILE = "issuer-keys.json"


class SigningKeys:
    """RSA keys, the newest first; with a `state_dir` they outlive the process, readable by their owner alone."""

    def __init__(self, state_dir: Path | None = None) -> None:
        self._file = state_dir / KEYS_FILE if state_dir else None
        if self._file and self._file.exists():
            self._keys = KeySet.import_key_set(msgspec.json.decode(self._file.read_bytes()))
        else:
            self._keep(KeySet([new_key()]))

    @property
    def signing(self) -> RSAKey:
        newest = self._keys.keys[0]
        assert isinstance(newest, RSAKey)  # noqa: S101  only RSA keys are ever made or stored here
        return newest

    @property
    def published(self) -> KeySet:
        return self._keys

    def jwks(self) -> Any:
        """The public halves, as RFC 7517 writes them."""
        return self._keys.as_dict(private=False)

    def rotate(self, *, forget: bool = False) -> None:
        """Signs with a new key from now on; the old ones stay published unless told to forget them."""
        self._keep(KeySet([new_key(), *([] if forget else self._keys.keys)]))

    def _keep(self, keys: KeySet) -> None:
        self._keys = keys
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(keys.as_dict(private=True)))
        fresh.replace(self._file)


def new_key() -> RSAKey:
    return RSAKey.generate_key(KEY_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
