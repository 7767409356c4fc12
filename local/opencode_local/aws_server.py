"""The HTTP server of the embedded AWS: moto's services behind connections that stay open.

The server of moto itself closes the connection after each answer.
"""

import io
import socket
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from typing import Any, TypeAlias

from moto.core import responses, utils
from moto.core.loaders import create_loader
from moto.core.utils import method_names_from_class
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

from opencode_local import bucket_policies, edwards_keys, table_operations

WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
STOP_GRACE_S = 5
Headers: TypeAlias = list[tuple[str, str]]
Application: TypeAlias = Callable[..., Iterable[bytes]]
"""Of WSGI."""


class AwsServer(ThreadedWSGIServer):
    """On loopback, with a thread for each open connection."""

    def __init__(self, application: Application, port: int = 0) -> None:
        super().__init__("127.0.0.1", port, application, handler=RequestHandler)
        self._serving = threading.Thread(target=self.serve_forever, name="aws", daemon=True)
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()

    def start(self) -> str:
        """The origin."""
        self._serving.start()
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Also ends the connections that clients keep."""
        self.shutdown()
        self._serving.join()
        with self._changed:
            for connection in self._connections:
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, STOP_GRACE_S)

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._connections.add(request)
        super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()


@cache
def services() -> Application:
    """All of moto's services as one WSGI application; more than one would be made of the same data.

    Which host is which service, and which methods a service has, is worked out once and not for each request.
    """
    vars(responses)[method_names_from_class.__name__] = cache(method_names_from_class)  # a sixth of moto's own work
    vars(utils)[create_loader.__name__] = cache(
        create_loader
    )  # walks all folders of botocore's models for each service
    edwards_keys.install()
    bucket_policies.install()
    table_operations.install()
    application = DomainDispatcherApplication(create_backend_app)
    application.get_backend_for_host = cache(application.get_backend_for_host)  # type: ignore[method-assign]
    return application


class RequestHandler(MotoRequestHandler):
    """Reads a request whole and writes its answer whole, so that the next one can follow on the same connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(self._body(environ))
        try:
            status, headers, body = answer(self.server.app, environ)
        except Exception:
            self.server.log("error", traceback.format_exc())
            status, headers, body = "500 Internal Server Error", [], b""
        self.wfile.write(self._head(status, headers, len(body)) + (body if self.command != "HEAD" else b""))

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            return bytes(environ["wsgi.input"].read())
        return self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0))

    def _head(self, status: str, headers: Headers, length: int) -> bytes:
        given = {name.lower() for name, _ in headers}
        added = [("Date", self.date_time_string())]
        if "content-length" not in given and int(status.split(maxsplit=1)[0]) not in WITHOUT_BODY:
            added.append(("Content-Length", str(length)))
        lines = [f"{self.protocol_version} {status}", *(f"{name}: {value}" for name, value in [*headers, *added])]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(application: Application, environ: dict[str, Any]) -> tuple[str, Headers, bytes]:
    """Status line, headers and body of what a WSGI application answers."""
    started: list[tuple[str, Headers]] = []
    parts = application(environ, lambda status, headers, _error=None: started.append((status, headers)))
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close:
            close()
    status, headers = started[-1]
    return status, headers, body
