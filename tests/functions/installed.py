"""An empty machine, as an installer finds it, and the download host that it asks."""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

from serve_downloads.installer import posix_installer
from serve_downloads.manifest import Artifact, Manifest

VERSION = "1.4.0"
GATEWAY = "https://ai.example.com"
CODE = "k3q7zt2m5xw4hbnc6vyrjd2ua7pfe3so"
LINUX = f"opencode-auth-{VERSION}-linux-x86_64"
MAC = f"opencode-auth-{VERSION}-macos-arm64"
WHEEL = f"opencode_auth-{VERSION}-py3-none-any.whl"
PROGRAM = b'#!/bin/sh\nprintf "%s\\n" "$*" >>"$RECORD"\n'
"""A client that notes with what it is called."""
TOOLS = ("uname", "mkdir", "mktemp", "chmod", "rm", "ls", "getconf", "id", "curl", "sha256sum", "sh", "cat")


@dataclass
class Host:
    """The download host: `served` by name below the link, all else is a 410."""

    url: str
    served: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def script(self, *names: str, gateway: str = GATEWAY, version: str = VERSION, base: str = "") -> str:
        """The installer of a release with these artifacts, as they are served now."""
        artifacts = {
            name: Artifact(
                name=name, kind="-", platform="-", size_bytes=1, sha256=sha256(self.served.get(name, b"")).hexdigest()
            )
            for name in names
        }
        manifest = Manifest(
            version=version,
            published=datetime(2026, 11, 21, tzinfo=UTC),
            minimum=None,
            is_critical=False,
            message="",
            artifacts=artifacts,
            history=(),
        )
        return posix_installer(manifest, gateway, base or f"{self.url}/i/{CODE}")


@contextmanager
def running_host() -> Iterator[Host]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix(f"/i/{CODE}/")
            host.asked.append(name)
            content = host.served.get(name)
            self.send_response(410 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = Host(f"http://127.0.0.1:{server.server_port}", {LINUX: PROGRAM, MAC: PROGRAM, WHEEL: b"a wheel"})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield host
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Machine:
    """Linux on x86-64 unless told otherwise; `programs` takes the place of what is installed."""

    home: Path
    tools: Sequence[str] = TOOLS

    @property
    def data(self) -> Path:
        return self.home / ".local/share/opencode-auth"

    @property
    def calls(self) -> list[str]:
        """How the client was called."""
        record = self.home / "record"
        return record.read_text().splitlines() if record.exists() else []

    def has(self, name: str, script: str) -> None:
        """A program that is a shell script."""
        self._bin().joinpath(name).unlink(missing_ok=True)
        self._bin().joinpath(name).write_text(f"#!/bin/sh\n{script}\n")
        self._bin().joinpath(name).chmod(0o755)

    def is_a(self, kernel: str, machine: str) -> None:
        self.has("uname", f"case $1 in -s) echo {kernel} ;; *) echo {machine} ;; esac")

    def runs(
        self, script: str, *, shell: str = "sh", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The script, from standard input as by a pipe."""
        return subprocess.run(  # noqa: S603  our own script
            [which(shell.split(maxsplit=1)[0]) or shell, *shell.split()[1:]],
            input=script,
            text=True,
            capture_output=True,
            cwd=self.home,
            env={
                "PATH": str(self._bin()),
                "HOME": str(self.home),
                "RECORD": str(self.home / "record"),
                **(environment or {}),
            },
            check=False,
            timeout=60,
        )

    def files(self) -> list[str]:
        """What an installer has left, but for the record of calls."""
        found = (path.relative_to(self.home) for path in self.data.rglob("*") if path.is_file() or path.is_symlink())
        return sorted(map(str, found))

    def _bin(self) -> Path:
        folder = self.home / "tools"
        if not folder.exists():
            folder.mkdir()
            for tool in self.tools:
                os.symlink(which(tool) or f"/usr/bin/{tool}", folder / tool)
        return folder
