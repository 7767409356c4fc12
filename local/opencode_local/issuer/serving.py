"""A WSGI application on loopback, in a daemon thread."""

import socket
import threading
from collections.abc import Callable

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

HOST = "127.0.0.1"
STOP_POLL_S = 0.05


class Serving:
    """One application at a time."""

    def __init__(self) -> None:
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int, build: Callable[[str], Flask]) -> None:
        """`build` makes the application for its origin; port 0 takes a free one. Raises OSError when it is taken."""
        with socket.create_server((HOST, port)) as listener:
            port = listener.getsockname()[1]
            app = build(f"http://{HOST}:{port}")
            self._server = make_server(
                HOST, port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(STOP_POLL_S,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Does nothing if it does not run."""
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server = self._thread = None


class QuietHandler(WSGIRequestHandler):
    """Says nothing about requests; errors are still told."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
