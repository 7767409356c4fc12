"""Where the proxy of this install listens: written down by the proxy, proven before it is believed."""

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from opencode_auth import paths
from opencode_auth.errors import Misused
from opencode_auth.files import lock, read_json, write_json, write_private
from opencode_auth.proxy import identity

SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class ProxyAddress:
    """What a tool is configured with: `url` is `http://127.0.0.1:PORT`, `secret` the API key it sends."""

    url: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a running proxy says of itself in the state folder; nothing in it is secret."""

    port: int
    pid: int
    instance: str
    """Random, new at every start."""
    started_at_s: float
    """Since the epoch."""
    version: str
    api_url: str
    sharing_url: str | None
    credential_mark: str
    """Tells one API key from another and from a sign-in, without saying which it is."""

    @property
    def url(self) -> str:
        return f"http://{identity.LOOPBACK}:{self.port}"


def record_file() -> Path:
    return paths.state_folder() / "proxy.json"


def secret_file() -> Path:
    return paths.config_folder() / "proxy-secret"


def address() -> ProxyAddress | None:
    """The running proxy, once it has proven that it is ours; else None."""
    record = running()
    return None if record is None else ProxyAddress(url=record.url, secret=secret())


def running() -> Record | None:
    """What the running proxy has written down; None without one, whatever an old record says."""
    record = last_record()
    if record is None:
        return None
    is_ours = identity.answers(secret(), port=record.port, pid=record.pid, instance=record.instance)
    return record if is_ours else None


def last_record() -> Record | None:
    """Of the proxy that started last, running or not; None for one that another version wrote differently."""
    try:
        found = read_json(record_file())
    except Misused:
        return None
    names = {field.name for field in fields(Record)}
    return Record(**found) if isinstance(found, dict) and found.keys() == names else None


def write_record(record: Record) -> None:
    write_json(record_file(), asdict(record))


def secret() -> str:
    """The key that tools present, made at first need: 256 random bits that stay until `uninstall`."""
    file = secret_file()
    if found := _read(file):
        return found
    with lock(file.with_suffix(".lock")):
        if not _read(file):
            write_private(file, f"oap_{secrets.token_urlsafe(SECRET_BYTES)}\n")
    return _read(file)


def credential_mark(api_key: str | None) -> str:
    """A keyed hash of the API key that stands in for a sign-in; "sign-in" without one."""
    return hmac.new(secret().encode(), api_key.encode(), hashlib.sha256).hexdigest()[:16] if api_key else "sign-in"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
