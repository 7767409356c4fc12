"""Whom a share host believes a caller to be: whoever the gateway says, over HTTP."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from served_site.exchange import Request, request
from served_site.fetched import fetched
from share_sessions import identity
from share_sessions.identity import Callers
from share_sessions.problems import GatewayUnavailable, NoCredential
from share_sessions.visibility import Reader
from tests.functions.load_balancer import event

ADA = {"id": "a-1", "email": " Ada@Example.com", "name": "Ada\n Lovelace", "groups": ["x"], "kind": "token"}
ANSWERS: dict[str, tuple[int, Any]] = {
    "Bearer ada": (200, ADA),
    "bearer key": (200, {"id": "k-1", "email": None, "name": None, "groups": [], "kind": "key"}),
    "Bearer moved": (302, {}),
    "Bearer late": (500, {}),
    "Bearer nobody": (200, {"id": "", "groups": []}),
    "Bearer list": (200, ["a-1"]),
    "Bearer wrong": (200, {"id": "a-1", "email": 7}),
}


class Gateway(BaseHTTPRequestHandler):
    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        credential = self.headers["Authorization"]
        self.asked.append((self.path, credential))
        status, document = ANSWERS.get(credential, (401, {}))
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def gateway_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def callers(gateway_url: str) -> Callers:
    Gateway.asked = []
    return Callers(gateway_url, fetched, lambda: 1_000.0)


def asked_by(*credentials: str) -> Request:
    made = event("curl", "/api/shares", headers={})
    made["multiValueHeaders"]["Authorization"] = list(credentials)
    return request(made)


def test_a_caller_is_who_the_gateway_says(callers: Callers) -> None:
    ada = Reader(id="a-1", name="Ada Lovelace", email="ada@example.com", groups=frozenset({"x"}))

    assert [callers.needed(asked_by("Bearer ada")) for _ in range(2)] == [ada, ada]
    assert callers.caller(asked_by("bearer key")) == Reader(id="k-1")
    assert callers.caller(asked_by()) is None
    assert Gateway.asked == [("/v1/caller", "Bearer ada"), ("/v1/caller", "bearer key")]


@pytest.mark.parametrize("credentials", [["Bearer x"], ["Basic YTpi"], ["Bearer " + "x" * 20_000], ["Bearer ada"] * 2])
def test_a_credential_that_is_none_is_refused(callers: Callers, credentials: list[str]) -> None:
    with pytest.raises(NoCredential):
        callers.caller(asked_by(*credentials))


@pytest.mark.parametrize("name", ["moved", "late", "nobody", "list", "wrong"])
def test_a_gateway_that_answers_something_else_makes_nobody_a_caller(callers: Callers, name: str) -> None:
    """A redirection is not followed: nobody else gets to see the credential."""
    with pytest.raises(GatewayUnavailable):
        callers.caller(asked_by(f"Bearer {name}"))
    assert Gateway.asked == [("/v1/caller", f"Bearer {name}")]


def test_only_the_last_callers_are_remembered(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MAX_KEPT", 1)
    for credential in ("Bearer ada", "bearer key", "bearer key", "Bearer ada"):
        callers.caller(asked_by(credential))

    assert [credential for _, credential in Gateway.asked] == ["Bearer ada", "bearer key", "Bearer ada"]
