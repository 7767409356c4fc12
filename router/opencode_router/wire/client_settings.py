"""What a gateway tells everyone at /.well-known/opencode: OpenCode reads `auth` and `config`, our own client `gateway`.

Source: OpenCode 1.18.33, `opencode auth login <url>` and `Config.loadInstanceState` (read 2026-11-21).
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

Port = Annotated[int, Meta(ge=1, le=65535)]


class ClientConfig(Struct, frozen=True, kw_only=True):
    """How one signs in to this gateway: the variable CLIENT_CONFIG. Nothing of it is secret."""

    api_url: str
    region: str
    issuer: str
    """To the letter."""
    client_id: str
    """Of the public OAuth client."""
    scopes: tuple[str, ...]
    callback_ports: tuple[Port, ...]
    """Registered loopback ports, in the order in which they are tried."""
    authorization_endpoint: str
    token_endpoint: str
    jwks_url: str
    revocation_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    end_session_endpoint: str | None = None
    downloads_url: str | None = None
    """Where releases of `opencode-auth` are announced: `/version.json` below it."""
    sharing_url: str | None = None
    """Where sessions are shared: `/api/share` below it."""
    release_keys: tuple[str, ...] = ()
    """Raw Ed25519 public keys in standard base64; a release counts when one of them has signed it."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All URLs that are there."""
        needed = (self.api_url, self.issuer, self.authorization_endpoint, self.token_endpoint, self.jwks_url)
        at_provider = (self.revocation_endpoint, self.device_authorization_endpoint, self.end_session_endpoint)
        optional = (*at_provider, self.downloads_url, self.sharing_url)
        return (*needed, *(address for address in optional if address is not None))


class GatewayFacts(ClientConfig, frozen=True, kw_only=True):
    """And which versions of the client it answers and recommends, as x.y.z."""

    minimum_client: str | None = None
    latest_client: str | None = None


class TokenCommand(Struct, frozen=True, kw_only=True):
    """What prints a token, and the variable in which `config` expects it."""

    command: tuple[str, ...]
    env: str


class ClientSettings(Struct, frozen=True, kw_only=True):
    auth: TokenCommand
    config: dict[str, Any]
    """An opencode.json."""
    gateway: GatewayFacts
