"""Servers that answer as a test tells them to: gateways, providers gone wrong, CI systems, proxies."""

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

DIRECT = build_opener(ProxyHandler({}))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def json_reply(document: object, *, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(
        status=status, headers={"Content-Type": "application/json", **named}, body=json.dumps(document).encode()
    )


def page_reply(status: int) -> Reply:
    return Reply(status=status, headers={"Content-Type": "text/html"}, body=b"<html><h1>Bad gateway</h1></html>")


Route = Callable[[Seen], Reply]


class Server:
    """Answers by path; keeps what it saw."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.routes: dict[str, Route] = {}
        self.seen: list[Seen] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen = Seen(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=body,
                )
                server.seen.append(seen)
                route = server.routes.get(parts.path)
                reply = route(seen) if route else Reply(status=404)
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = handle_any

            def log_message(self, *_args: object) -> None: ...

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def count(self, path: str) -> int:
        return sum(seen.path == path for seen in self.seen)


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(tls)
    yield server
    server.close()


def forwarded(origin: str) -> Route:
    """To the same path of another server."""

    def route(seen: Seen) -> Reply:
        url = origin + seen.path
        outgoing = Request(url, data=seen.body or None, method=seen.method)  # noqa: S310  a test's own address
        try:
            with DIRECT.open(outgoing) as response:
                return Reply(status=response.status, headers=kept(response.headers), body=response.read())
        except OSError as error:
            body = getattr(error, "read", lambda: b"")()
            getattr(error, "close", lambda: None)()
            return Reply(status=getattr(error, "code", 502), headers={"Content-Type": "application/json"}, body=body)

    return route


def kept(headers: Any) -> dict[str, str]:
    return {"Content-Type": headers["Content-Type"]}


class ConnectProxy:
    """A corporate proxy: tunnels every host to one port of this machine, and keeps the names it was asked for."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with near, socket.create_connection(("127.0.0.1", self._port)) as far:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += near.recv(1)
                self.asked.append(head.split(b" ")[1].decode())
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with suppress(OSError):
                    tunnel(near, far)


def tunnel(near: socket.socket, far: socket.socket) -> None:
    other = {near: far, far: near}
    while True:
        for ready in select.select([near, far], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            other[ready].sendall(data)
