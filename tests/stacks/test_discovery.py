"""The provider's discovery document is taken at its word, and refused when it cannot be."""

import json
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from opencode_local.issuer import Issuer
from opencode_stacks.discovery import DiscoveryError, discover

Provider = Callable[[object], str]
STOP_POLL_S = 0.01  # how soon the server sees that it shall stop; half a second if nobody says


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Serves a document, in which `{url}` is replaced by its own address, and returns that address."""
    held: dict[str, bytes] = {}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in held else 404)
            self.end_headers()
            self.wfile.write(held.get(self.path, b""))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, args=(STOP_POLL_S,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"

    def serve(document: object) -> str:
        text = document if isinstance(document, str) else json.dumps(document)
        held["/.well-known/openid-configuration"] = text.replace("{url}", url).encode()
        return url

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()


def document(**changes: object) -> Mapping[str, object]:
    whole = {
        "issuer": "{url}",
        "authorization_endpoint": "{url}/oauth2/v1/authorize",
        "token_endpoint": "{url}/oauth2/v1/token",
        "userinfo_endpoint": "{url}/me",
        "jwks_uri": "{url}/oauth2/v1/keys",
        "device_authorization_endpoint": "{url}/device",
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def test_endpoints_come_from_the_document_and_are_never_derived(provider: Provider) -> None:
    url = provider(document())

    found = discover(url)

    assert found["token_endpoint"] == f"{url}/oauth2/v1/token"
    assert found["jwks_uri"] == f"{url}/oauth2/v1/keys"
    assert found["device_authorization_endpoint"] == f"{url}/device"
    assert found["end_session_endpoint"] is None


def test_a_running_provider_is_read(issuer: Issuer) -> None:
    assert discover(issuer.url)["issuer"] == issuer.url


def test_an_issuer_with_a_trailing_slash_is_found_and_kept_to_the_letter(provider: Provider) -> None:
    url = provider(document(issuer="{url}/"))

    assert discover(f"{url}/")["issuer"] == f"{url}/"
    with pytest.raises(DiscoveryError, match="to the letter"):
        discover(url)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("no json", "could not be read"),
        ([], "does not hold a JSON object"),
        (document(token_endpoint=None), "has no token_endpoint"),
        (document(jwks_uri=7), "has no jwks_uri"),
        (document(jwks_uri="http://keys.example.com/"), "is not an https address"),
        (document(end_session_endpoint=""), "has no end_session_endpoint"),
    ],
)
def test_a_document_that_will_not_do_is_refused_with_its_address(
    provider: Provider, answer: object, complaint: str
) -> None:
    with pytest.raises(DiscoveryError, match=complaint):
        discover(provider(answer))


def test_a_provider_that_cannot_be_reached_or_is_not_https_is_refused() -> None:
    with pytest.raises(DiscoveryError, match="could not be read"):
        discover("http://127.0.0.1:1")
    with pytest.raises(DiscoveryError, match="not an https address"):
        discover("http://login.example.com")
