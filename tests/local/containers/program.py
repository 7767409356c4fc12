"""What tests run as a container: a small HTTP server that does as it is told by the path."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

WELL = Path(os.environ.get("FOLDER", "."), os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
"""Is there while the program is well: its container's health check looks for it, its target group's check asks."""


def say(**fields: str) -> None:
    os.write(1, json.dumps(fields).encode() + b"\n")


def told(words: Sequence[str], connection: socket.socket) -> str:
    """What is answered."""
    match words:
        case ["environment"]:
            return json.dumps(dict(os.environ))
        case ["say", message, request_id]:
            say(message=message, request_id=request_id)
        case ["unwell"]:
            WELL.unlink()
        case ["child"]:
            waiting = [sys.executable, "-S", "-c", "import signal; signal.pause()"]
            subprocess.Popen(waiting, pass_fds=[connection.fileno()])  # noqa: S603 - our own words
    return ""


def main() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN if os.environ.get("IS_STUBBORN") else lambda *_: sys.exit(0))
    if os.environ.get("IS_BROKEN"):
        sys.exit(3)
    server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
    if not os.environ.get("IS_UNWELL"):
        WELL.touch()
    say(message="listening")
    while True:
        connection, _ = server.accept()
        with connection:
            words = (connection.recv(65536).decode() or "GET / ").split()[1].strip("/").split("/")
            body = told(words, connection)
            status = 200 if WELL.exists() or words != ["health"] else 500
            head = f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            connection.sendall((head + body).encode())


main()
