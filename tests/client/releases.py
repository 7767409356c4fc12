"""Releases as the download host and the gateway publish them, and this program installed in a home of its own."""

import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from opencode_auth.updates.artifacts import this_platform
from opencode_auth.version import VERSION
from tests.client.person import Person
from tests.client.proxied import KEY
from tests.client.servers import Reply, Seen, Server, json_reply

PAYLOAD_TYPE = "application/vnd.opencode-auth.release+json"
NEW = "9.0.0"
EXECUTABLE = ("executable", this_platform())
WHEEL = ("wheel", "any")


def program(version: str, *, more: str = "") -> bytes:
    """A program that says a version, after `more`."""
    return f'#!/bin/sh\n{more}\necho "opencode-auth, version {version}"\n'.encode()


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def envelope(payload: bytes, key: Ed25519PrivateKey) -> dict[str, Any]:
    """The payload, signed as DSSE says."""
    signed = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {
                "keyid": hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16],
                "sig": base64.b64encode(key.sign(signed)).decode(),
            }
        ],
        "latest": "of no meaning to this client",
    }


def file_name(kind: str, platform: str, version: str) -> str:
    return f"opencode_auth-{version}-py3-none-any.whl" if kind == "wheel" else f"opencode-auth-{version}-{platform}"


@dataclass
class Depot:
    """Publishes on a gateway's stand-in, which is the download host and S3, too."""

    server: Server
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    sequence: int = 0

    def publish(self, files: Mapping[tuple[str, str], bytes] | None = None, **changes: Any) -> dict[str, Any]:
        """The manifest, with these members changed."""
        self.sequence += 1
        version = changes.get("version", NEW)
        named = {key: (file_name(*key, version), body) for key, body in (files or {}).items()}
        manifest = {
            "sequence": self.sequence,
            "version": version,
            "published": "2026-11-21T12:00:00Z",
            "minimum": None,
            "critical": False,
            "message": "",
            "config_version": 0,
            "config": {},
            "artifacts": [
                {"name": name, "kind": kind, "platform": platform, "size": len(body), "sha256": sha256(body)}
                for (kind, platform), (name, body) in named.items()
            ],
            "history": [],
            "keys": [public(self.key)],
            **changes,
        }
        self.announce(envelope(json.dumps(manifest).encode(), self.key))
        for name, body in named.values():
            self.stock(name, Reply(body=body))
        self.server.routes["/v1/update/download-url"] = self.address
        return manifest

    def announce(self, document: object) -> None:
        self.server.routes["/version.json"] = lambda _seen: json_reply(document)

    def stock(self, name: str, reply: Reply) -> None:
        self.server.routes[f"/s3/{name}"] = lambda _seen: reply

    def address(self, seen: Seen) -> Reply:
        if seen.headers.get("authorization") != f"Bearer {KEY}":
            return json_reply({"error": {"message": "no credential"}}, status=401)
        url = f"{self.server.url}/s3/{seen.query['name']}?X-Amz-Signature=of-300-seconds"
        return json_reply({"download_url": url, "expires_in": 300})

    def downloads(self) -> list[Seen]:
        return [seen for seen in self.server.seen if seen.path.startswith("/s3/")]


def new_depot(person: Person) -> Depot:
    made = Depot(person.gateway)
    person.environment["OPENCODE_API_KEY"] = KEY
    person.set_up(downloads_url=person.gateway.url, release_keys=[public(made.key)])
    return made


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True)
class Installed:
    """This version in our layout, called by its pointer."""

    person: Person

    @property
    def home(self) -> Path:
        return self.person.home / "oa"

    @property
    def command(self) -> Path:
        return self.home / "bin/opencode-auth"

    def program(self, version: str = VERSION) -> Path:
        return self.home / "data/versions" / version / "opencode-auth"

    @property
    def versions(self) -> set[str]:
        return {each.name for each in (self.home / "data/versions").iterdir()}

    def place(self, version: str) -> Path:
        file = self.program(version)
        file.parent.mkdir(parents=True)
        file.write_bytes(program(version))
        file.chmod(0o700)
        return file

    def run(self, *args: str, **variables: str) -> tuple[int, str, str]:
        """A command of the packed program."""
        with packed(self.program()):
            done = self.person.run(*args, **variables)
        return done.code, done.out, done.err

    def said(self) -> str:
        """What the command on PATH says it is."""
        with os.popen(f"{self.command} --version") as output:  # noqa: S605  a test's own address
            return output.read().split()[-1]

    def config(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.home / "config/gateway.json").read_text())
        return document


def new_installed(person: Person) -> Installed:
    found = Installed(person)
    found.command.parent.mkdir(parents=True)
    found.command.symlink_to(found.place(VERSION))
    return found


@contextmanager
def packed(file: Path) -> Iterator[None]:
    """This process is a single file, as PyInstaller makes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "frozen", True, raising=False)
        patch.setattr(sys, "executable", str(file))
        yield


def contents(folder: Path) -> dict[str, bytes | str]:
    """Of all files below, but for locks."""
    files = (file for file in folder.rglob("*") if file.suffix != ".lock" and not file.is_dir())
    return {str(file): os.readlink(file) if file.is_symlink() else file.read_bytes() for file in files}
