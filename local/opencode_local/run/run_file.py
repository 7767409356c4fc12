"""The facts of a running cloud, for `make status`, `make logs`, `make down` and scripts: `.local/run.json`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil

FOLDER = Path(".local")
RUN_FILE = FOLDER / "run.json"


class NotRunning(Exception):
    """There is no run here, or it has ended without saying so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run in this folder."""

    environment: str
    pid: int
    started_at: float
    """Of the process, in seconds since the epoch: tells it from a later one with its number."""
    url: str
    """Of the gateway."""
    hosts: Mapping[str, str]
    """Local URLs by declared host."""
    api_key: str | None
    """Of the first person; None where only the company's own identity provider can say who that is."""
    people: tuple[str, ...]
    """Whom one can sign in as."""
    client_config: Mapping[str, Any]
    """The stack's output of that name, with local addresses: what a client has to know to sign in."""
    outputs: Mapping[str, Any]
    """Of the stack, as `pulumi stack output --json` prints them, with local addresses."""
    models: tuple[str, ...]
    limits: Mapping[str, Mapping[str, int]]
    """Tokens by model id: `context` and `output`, OpenCode's words for them."""
    bedrock_url: str
    aws_url: str
    """The embedded AWS, for an administrator: `aws --endpoint-url`."""
    region: str
    control_url: str
    control_secret: str
    certificate_authority: str | None
    """File to trust, with TLS=1."""

    def write(self) -> None:
        """Readable by its owner alone from the first byte: it holds a key."""
        RUN_FILE.parent.mkdir(parents=True, exist_ok=True)
        RUN_FILE.unlink(missing_ok=True)
        RUN_FILE.touch(mode=0o600)
        RUN_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")

    @classmethod
    def read(cls) -> "Run":
        """Raises NotRunning."""
        if not RUN_FILE.is_file():
            raise NotRunning(f"nothing runs here: there is no {RUN_FILE}; start it with `make up`")
        run = msgspec.json.decode(RUN_FILE.read_bytes(), type=cls)
        if run.process() is None:
            RUN_FILE.unlink()
            raise NotRunning(f"nothing runs here any more: process {run.pid} has ended")
        return run

    def process(self) -> psutil.Process | None:
        """None when it has ended."""
        try:
            process = psutil.Process(self.pid)
            return process if process.create_time() == self.started_at else None
        except psutil.NoSuchProcess:
            return None
