"""Which ports to listen on, and who has them otherwise."""

import socket
from collections.abc import Callable, Iterator

import psutil

HOST = "127.0.0.1"
TRIES = 20
"""Ports after the wanted one that are looked at before any is taken that is free."""
LOWEST_UNPRIVILEGED = 1024
ABOVE_PRIVILEGED = 10_000
PREFERRED = {443: 8080, 80: 8081}
"""Declared ports that only an administrator may open, and what stands for them here."""
TLS_PREFERRED = {443: 8443, 80: 8080}


def free_port(preferred: int) -> int:
    """`preferred` if nobody has it, else any that is free."""
    for port in (preferred, 0):
        if (found := bound(port)) is not None:
            return found
    raise OSError(f"no port is free on {HOST}")


def nearest_free_port(wanted: int) -> int:
    """`wanted` or one soon after it; any that is free when those are all taken."""
    for port in range(wanted, min(wanted + TRIES, 1 << 16)):
        if (found := bound(port)) is not None:
            return found
    return free_port(0)


def bound(port: int) -> int | None:
    """The port that a socket got, closed again; None when somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError:
            return None
        return int(probe.getsockname()[1])


def holder(port: int) -> str:
    """Who listens on the port, like `python (pid 4711)`; `another process` when the system does not say."""
    for process in psutil.process_iter(["name", "pid"]):
        if port in listened(process):
            return f"{process.info['name']} (pid {process.info['pid']})"
    return "another process"


def listened(process: psutil.Process) -> Iterator[int]:
    try:
        connections = process.net_connections("tcp")
    except psutil.Error:  # another person's process, or one that has just ended
        return iter(())
    return iter([one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN])


class LocalPorts:
    """Local ports for declared ones."""

    def __init__(self, *, tell: Callable[[str], None], https_port: int | None = None, uses_tls: bool = False) -> None:
        """`tell` hears of every port that could not be had, and who has it."""
        self._tell = tell
        preferred = TLS_PREFERRED if uses_tls else PREFERRED
        self._preferred = {**preferred, **({443: https_port} if https_port else {})}

    def __call__(self, declared: int) -> int:
        wanted = self._preferred.get(declared, declared)
        if wanted < LOWEST_UNPRIVILEGED and declared not in self._preferred:
            wanted += ABOVE_PRIVILEGED
        port = nearest_free_port(wanted)
        if port != wanted:
            self._tell(f"port {wanted} is taken by {holder(wanted)}: using {port}")
        return port
