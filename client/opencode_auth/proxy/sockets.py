"""Listening sockets on both loopback addresses, at the first port that is free on both."""

import errno
import os
import socket
import sys
from collections.abc import Sequence

from opencode_auth.errors import ClientError

PREFERRED_PORT = 18080
PORTS_TRIED = 50
BACKLOG = 128
NO_SUCH_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})
"""Answers of a machine without IPv6."""
NOT_TO_BE_HAD = frozenset({errno.EADDRINUSE, errno.EACCES})
"""Windows answers EACCES for a port that another program holds exclusively."""


def listening(preferred_port: int) -> Sequence[socket.socket]:
    """Sockets of 127.0.0.1 and, where there is IPv6, ::1, all on one port. Raises ClientError.

    Both, because `localhost` means either: whoever held the other one would be given the callers' secret.
    """
    for port in range(preferred_port, min(preferred_port + PORTS_TRIED, 65536)):
        if found := _both(port):
            return found
    raise ClientError(
        f"no free port from {preferred_port} to {preferred_port + PORTS_TRIED - 1} on 127.0.0.1",
        hint="opencode-auth proxy start --port PORT",
    )


def _both(port: int) -> Sequence[socket.socket]:
    """None at all when either is taken."""
    opened: list[socket.socket] = []
    try:
        opened.append(_bound(socket.AF_INET, "127.0.0.1", port))
        opened.append(_bound(socket.AF_INET6, "::1", opened[0].getsockname()[1]))
    except OSError as error:
        if opened and error.errno in NO_SUCH_ADDRESS:
            return opened
        for one in opened:
            one.close()
        if error.errno not in NOT_TO_BE_HAD:
            raise ClientError(f"cannot listen on 127.0.0.1 port {port}: {os.strerror(error.errno or 0)}") from error
        return []
    return opened


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, _sharing(sys.platform), 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
        made.settimeout(0)
    except OSError:
        made.close()
        raise
    return made


def _sharing(platform: str) -> int:
    """Windows lets another program take over a SO_REUSEADDR port; elsewhere it only frees ports just left.

    Source: Microsoft, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE" (read 2026-11-21); the option is ~SO_REUSEADDR.
    """
    return ~socket.SO_REUSEADDR if platform == "win32" else socket.SO_REUSEADDR
