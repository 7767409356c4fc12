"""The certificate authority of TLS=1: made once, kept beside the run, trusted by whom the person tells to."""

import ssl
from collections.abc import Sequence
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


class Authority:
    """Keeps its key and its certificate in a folder that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._ca = self._kept() or self._made()

    def server_context(self, names: Sequence[str]) -> ssl.SSLContext:
        """For a server under `names` and under those of this machine."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*dict.fromkeys((*NAMES, *names))).configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Trusts this authority besides those that the machine trusts."""
        return self.trusted(ssl.create_default_context())

    def trusted(self, context: ssl.SSLContext) -> ssl.SSLContext:
        self._ca.configure_trust(context)
        return context

    def _kept(self) -> trustme.CA | None:
        if not (self.certificate.exists() and self._key.exists()):
            return None
        return trustme.CA.from_pem(self.certificate.read_bytes(), self._key.read_bytes())

    def _made(self) -> trustme.CA:
        ca = trustme.CA(organization_name="opencode local run")
        self._key.touch(mode=0o600)
        ca.private_key_pem.write_to_path(self._key)
        ca.cert_pem.write_to_path(self.certificate)
        return ca
