"""The authorization server: where its endpoints are and what it promises.

Sources, read 2026-11-21: OpenID Connect Discovery 1.0, 4; RFC 8414, 3.3; RFC 9207, 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opencode_auth import web
from opencode_auth.addresses import check_url
from opencode_auth.errors import Misused, SignInFailed, Unreachable
from opencode_auth.gateway import GatewaySettings

DISCOVERY = "/.well-known/openid-configuration"
DISCOVERY_TIMEOUT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Provider:
    """What a sign-in needs; an endpoint is None where there is none."""

    issuer: str
    client_id: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_url: str
    revocation_endpoint: str | None
    device_authorization_endpoint: str | None
    names_itself: bool
    """Its answers carry `iss` (RFC 9207)."""


DISCOVERED: Mapping[str, str] = {
    "authorization_endpoint": "authorization_endpoint",
    "token_endpoint": "token_endpoint",
    "jwks_url": "jwks_uri",
    "revocation_endpoint": "revocation_endpoint",
    "device_authorization_endpoint": "device_authorization_endpoint",
}
"""Our names and discovery's."""
REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_url")


def provider(settings: GatewaySettings) -> Provider:
    """What the gateway's settings say, completed by the provider's own document.

    Without an answer the settings alone must do. Raises SignInFailed for the document of another issuer, Unreachable
    when a needed endpoint stays unknown, Misused for an endpoint that is not safe.
    """
    told = {name: getattr(settings, name) for name in DISCOVERED}
    try:
        document = discovered(settings.issuer)
    except Unreachable:
        if not all(told[name] for name in REQUIRED):
            raise
        document = {}
    endpoints: dict[str, Any] = {name: told[name] or document.get(theirs) for name, theirs in DISCOVERED.items()}
    for name, url in endpoints.items():
        if url is None and name in REQUIRED:
            raise Misused(f"neither the gateway nor {settings.issuer} names a {name}")
        if url is not None:
            check_url(str(url))
    names_itself = document.get("authorization_response_iss_parameter_supported") is True
    return Provider(issuer=settings.issuer, client_id=settings.client_id, names_itself=names_itself, **endpoints)


def discovered(issuer: str) -> dict[str, Any]:
    """The discovery document. Raises Unreachable; SignInFailed when it is another issuer's."""
    document = web.fetch(issuer.rstrip("/") + DISCOVERY, timeout_s=DISCOVERY_TIMEOUT_S)
    if document.get("issuer") != issuer:
        raise SignInFailed(f"the provider at {issuer} says that it is {document.get('issuer')!r}: sign-in refused")
    return document
