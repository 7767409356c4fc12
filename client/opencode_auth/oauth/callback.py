"""The loopback end of a sign-in: waits on 127.0.0.1 for the browser to bring the provider's answer.

Source: RFC 8252, 7.3 and 8.3 (read 2026-11-21).
"""

import contextlib
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from opencode_auth.errors import ClientError, SignInFailed
from opencode_auth.oauth.authorization import Attempt, belongs, parameters
from opencode_auth.version import USER_AGENT

HOST = "127.0.0.1"
PATH = "/callback"
REQUEST_TIMEOUT_S = 10
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>'


class Callback:
    """A listening server; `redirect_uri` is its address."""

    def __init__(self, server: "LoopbackServer") -> None:
        self._server = server
        self.redirect_uri = f"http://{HOST}:{server.server_port}{PATH}"

    def answer(self, attempt: Attempt, *, timeout_s: float) -> dict[str, str]:
        """The parameters of the first answer to this attempt; others are turned away. Raises SignInFailed."""
        self._server.attempt = attempt
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            return self._server.answers.get(timeout=timeout_s)
        except queue.Empty:
            message = f"nobody signed in within {timeout_s:g} s"
            raise SignInFailed(message, hint="opencode-auth login, or login --device from another machine") from None
        finally:
            self._server.shutdown()
            thread.join()


class LoopbackServer(ThreadingHTTPServer):
    """Alone on its port."""

    # Windows would let two programs listen on one port with it; elsewhere it only skips the wait after a close
    allow_reuse_address = os.name == "posix"
    # browsers open spare connections: nobody waits for their end
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.attempt: Attempt | None = None
        self.answers: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()

    def hosts(self) -> tuple[str, ...]:
        return tuple(f"{host}:{self.server_port}" for host in (HOST, "localhost"))


class Handler(BaseHTTPRequestHandler):
    """One request of a browser, or of something that should not be here."""

    server: LoopbackServer
    timeout = REQUEST_TIMEOUT_S
    server_version = USER_AGENT
    sys_version = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if self.headers.get("Host", "") not in self.server.hosts():
            # a foreign name that leads to this machine is a web page's attempt to reach us
            return self._page(403, "Not here", "This address is for the browser on this machine alone.")
        if parts.path != PATH:
            return self._page(404, "Not found", "There is nothing here.")
        try:
            answer = parameters(parts.query)
        except SignInFailed as error:
            return self._page(400, "That did not work", error.message)
        if self.server.attempt is None or not belongs(self.server.attempt, answer):
            return self._page(400, "That did not work", "This page belongs to another sign-in. Start again.")
        if "code" in answer and "error" not in answer:
            self._page(200, "Almost done", "You can close this page. The terminal says who is signed in.")
        else:
            self._page(400, "That did not work", "The provider refused. The terminal says why.")
        return self.server.answers.put(answer)

    def log_message(self, *_args: object) -> None:
        """Nothing: a request line holds the code."""

    def _page(self, status: int, title: str, text: str) -> None:
        body = PAGE.format(title=escape(title), text=escape(text)).encode()
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def listening(ports: Sequence[int]) -> Iterator[Callback]:
    """On the first of the ports that is free; on any where none are given. Raises ClientError when all are taken."""
    server = first_free(ports or (0,))
    try:
        yield Callback(server)
    finally:
        server.server_close()


def first_free(ports: Sequence[int]) -> LoopbackServer:
    for port in ports:
        with contextlib.suppress(OSError):
            return LoopbackServer(port)
    listed = ", ".join(map(str, ports))
    hint = "close the program that holds one, or opencode-auth login --device, or --no-browser"
    raise ClientError(f"every port that the provider knows is taken: {listed}", hint=hint)
