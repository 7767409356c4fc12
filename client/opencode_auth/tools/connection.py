"""The two ways in which a tool reaches the gateway: directly with a credential of its own, or by the local proxy."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opencode_auth.packed import is_packed

if TYPE_CHECKING:
    from opencode_auth.proxy import ProxyAddress

PROGRAM = "opencode-auth"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """`url` is without /v1; `secret` is what the proxy asks of its callers, and stands in a file that tools can read.

    Both are None where there is no proxy.
    `credential_command` prints what a tool has to send. `has_sharing` says whether the proxy passes shares on.
    """

    url: str
    secret: str | None = None
    secret_file: Path | None = None
    credential_command: tuple[str, ...]
    has_sharing: bool = False

    @property
    def is_proxied(self) -> bool:
        return self.secret is not None


def connection(*, is_proxied: bool) -> Connection:
    """The way to the saved gateway; starts the proxy where it is needed. Raises Misused before a set-up."""
    from opencode_auth import gateway, proxy  # noqa: PLC0415  start-up

    settings = gateway.saved()
    if is_proxied:
        return proxied(proxy.ensure(), has_sharing=settings.sharing_url is not None)
    return Connection(url=settings.api_url.rstrip("/"), credential_command=(*own_command(), "token"))


def proxied(address: "ProxyAddress", *, has_sharing: bool = False) -> Connection:
    from opencode_auth.proxy.record import secret_file  # noqa: PLC0415  start-up

    file = secret_file()
    return Connection(
        url=address.url,
        secret=address.secret,
        secret_file=file,
        credential_command=print_command(file),
        has_sharing=has_sharing,
    )


def own_command() -> tuple[str, ...]:
    """How another program starts this one, also after an update: by a name that does not change with the version."""
    from opencode_auth.updates import layout, pointer  # noqa: PLC0415  start-up

    if shutil.which(PROGRAM):
        return (PROGRAM,)
    if layout.current():
        return (str(pointer.file()),)
    return (sys.executable,) if is_packed() else (sys.executable, "-m", "opencode_auth")


def print_command(file: Path, platform: str = sys.platform) -> tuple[str, ...]:
    return ("cmd", "/c", "type", str(file)) if platform == "win32" else ("cat", str(file))


def command_line(command: Sequence[str], platform: str = sys.platform) -> str:
    """The command as the platform's shell reads it."""
    return subprocess.list2cmdline(command) if platform == "win32" else shlex.join(command)
