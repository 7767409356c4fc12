"""One of the processes that `workers` starts: `python -m opencode_router.worker NUMBER`.

Its standard input is a socket to the parent: see `server.tell_and_watch`.
"""

import os
import socket
import sys
from dataclasses import replace

from opencode_router.logs import log_to_stdout
from opencode_router.server import run
from opencode_router.settings import Settings


def main() -> None:
    settings = Settings.load(os.environ)
    log_to_stdout(settings.log_level)
    with socket.socket(fileno=sys.stdin.fileno()) as parent:
        run(replace(settings, metrics_port=settings.metrics_port + int(sys.argv[1])), parent)


if __name__ == "__main__":
    main()
