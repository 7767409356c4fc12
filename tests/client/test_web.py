"""Requests against servers that are slow, and what is kept out of every request."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from opencode_auth import web
from opencode_auth.errors import Unreachable
from opencode_auth.oauth import grants

TIMEOUT_S = 0.3


@contextmanager
def slow_server(first: bytes, *, drips: bool) -> Iterator[str]:
    """Sends the beginning of an answer, then a byte whenever nothing comes back for a moment, or nothing at all."""
    is_over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(first)
            while not is_over.wait(TIMEOUT_S / 6):
                if drips:
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    is_over.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize(
    ("first", "drips"),
    [
        (b"", False),
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", True),
    ],
)
def test_a_slow_server_holds_nobody_up(first: bytes, drips: bool) -> None:
    with slow_server(first, drips=drips) as url, pytest.raises(Unreachable, match="did not answer"):
        web.send(web.Request(url=url, timeout_s=TIMEOUT_S))


def test_something_that_is_not_http_is_one_line() -> None:
    with slow_server(b"SSH-2.0-OpenSSH_9.6\r\n", drips=False) as url, pytest.raises(Unreachable, match="cannot reach"):
        web.send(web.Request(url=url, timeout_s=TIMEOUT_S))


@pytest.mark.parametrize(
    ("expires_in", "life_s"),
    [("60", 60), (10**400, 300), ("soon", 300), (None, 300), (-1, 300), (float("nan"), 300), (float("inf"), 604_800)],
)
def test_a_tokens_life_is_a_sane_number(expires_in: object, life_s: float) -> None:
    assert grants.life_s(expires_in) == life_s


def test_a_packed_program_finds_the_systems_authorities_where_its_openssl_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in web.CA_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    of_another_system = ssl.DefaultVerifyPaths(None, None, "", "/not/there.pem", "", "/not/there")  # type: ignore[arg-type]
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: of_another_system)
    monkeypatch.setattr(ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(trustme.CA().cert_pem.bytes())
    monkeypatch.setattr(web, "SYSTEM_AUTHORITIES", (str(tmp_path / "nor there"), str(bundle)))

    assert web.tls_context().cert_store_stats()["x509_ca"] == 1
