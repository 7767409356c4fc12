"""Asks the router in this container whether it is alive: `python -m opencode_router.healthcheck`, exit status 0 or 1.

It runs every few seconds beside the router, so it speaks HTTP over a bare socket and imports next to nothing.
"""

import os
import socket
import sys

TIMEOUT_S = 2.0
"""Shorter than the time that the image's HEALTHCHECK gives."""
OK = b"HTTP/1.1 200 "


def is_alive(port: int) -> bool:
    """Raises OSError when nothing answers."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(len(OK)) == OK


def main() -> None:
    try:
        sys.exit(not is_alive(int(os.environ["PORT"])))
    except OSError as error:
        sys.exit(f"/health does not answer: {error}")


if __name__ == "__main__":
    main()
