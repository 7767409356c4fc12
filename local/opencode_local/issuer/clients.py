"""Who may ask for tokens, and where the answers may go."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Literal

DEFAULT_SCOPES = "openid profile email"
SCOPES = (*DEFAULT_SCOPES.split(), "groups", "offline_access")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = ("authorization_code", "refresh_token", DEVICE_GRANT)
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

CLI_CLIENT_ID = "opencode-cli"
WEB_CLIENT_ID = "opencode-web"
WEB_CLIENT_SECRET = "known-to-everyone-on-this-machine"  # noqa: S105  guards nothing: there are no passwords either

LOOPBACK = re.compile(r"(?P<origin>http://(?:127\.0\.0\.1|\[::1]|localhost))(?::[0-9]{1,5})?(?P<path>/[^#\s]*)?")

Use = Literal["access", "id"]
REFRESH_LIFE_S = 30 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshing:
    """What becomes of a client's refresh tokens."""

    life_s: int = REFRESH_LIFE_S
    """From the sign-in on, however often they are replaced."""
    rotates: bool = True
    """Each is replaced when it is used."""
    grace_s: int = 0
    """For how long a replaced one still works."""
    reuse_ends_family: bool = True
    """The use of a replaced one revokes whatever came of the sign-in (RFC 9700, 4.14.2)."""


USED_ONCE = Refreshing()


def itself(address: str) -> str:
    return address


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An application registered here; the methods are those that Authlib asks for.

    Without a secret it is public, and the port of its loopback redirect URIs is its own choice.
    Source: RFC 8252, 7.3 (read 2026-11-21).
    """

    client_id: str
    redirect_uris: tuple[str, ...]
    secret: str | None = None
    grant_types: tuple[str, ...] = GRANT_TYPES
    post_logout_redirect_uris: tuple[str, ...] = ()
    name: str = ""
    """What a person is shown; the id where there is none."""
    life_s: Mapping[Use, int] = field(default_factory=dict)
    """Of tokens, where it is not the provider's usual one."""
    refreshing: Refreshing = USED_ONCE
    scopes: tuple[str, ...] = SCOPES
    default_scope: str = DEFAULT_SCOPES
    takes_any_port: bool = True
    """Of a public client's loopback redirect URIs."""
    place: Callable[[str], str] = itself
    """Where a registered address is on this machine; looked up at each use."""

    @property
    def is_public(self) -> bool:
        return self.secret is None

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: a request must name its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What a request for this scope gets; None refuses it."""
        asked = scope or self.default_scope
        return asked if set(asked.split()) <= set(self.scopes) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        known = [self.place(uri) for uri in self.redirect_uris]
        return redirect_uri in known or (self.is_public and self.takes_any_port and without_port(redirect_uri) in known)

    def check_logout_uri(self, logout_uri: str) -> bool:
        return logout_uri in [self.place(uri) for uri in self.post_logout_redirect_uris]

    def check_client_secret(self, client_secret: str) -> bool:
        return self.secret is not None and compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return (method == "none") == self.is_public

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


def command_line(clients: Sequence[Client]) -> Client:
    """The client that tokens are made for where nobody signs in: the first without a secret, else the first."""
    return next((client for client in clients if client.is_public), clients[0])


def without_port(uri: str) -> str | None:
    """`http://127.0.0.1:49152/callback` gives `http://127.0.0.1/callback`; anything but HTTP on loopback gives None."""
    match = LOOPBACK.fullmatch(uri)
    return match and match["origin"] + (match["path"] or "")


DEFAULT_CLIENTS = (
    Client(
        client_id=CLI_CLIENT_ID,
        redirect_uris=("http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"),
    ),
    Client(
        client_id=WEB_CLIENT_ID,
        secret=WEB_CLIENT_SECRET,
        redirect_uris=("http://127.0.0.1:8080/oauth2/idpresponse", "http://localhost:8080/oauth2/idpresponse"),
        grant_types=("authorization_code", "refresh_token"),
        post_logout_redirect_uris=("http://127.0.0.1:8080/", "http://localhost:8080/"),
    ),
)
