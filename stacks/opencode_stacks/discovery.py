"""What an OpenID Connect provider says of itself."""

import json
from typing import Any, TypedDict
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

TIMEOUT_S = 10.0
MAX_BYTES = 1_000_000
WELL_KNOWN = "/.well-known/openid-configuration"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
REQUIRED = ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
OPTIONAL = ("end_session_endpoint", "revocation_endpoint", "device_authorization_endpoint")


class DiscoveryError(ValueError):
    """The provider's document cannot be used; the message names the address and the field."""


class Document(TypedDict):
    """The fields used, verbatim; an optional one that the provider lacks is None.

    Source: OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2; RFC 8628, section 4 (read 2026-11-21).
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    revocation_endpoint: str | None
    device_authorization_endpoint: str | None


def discover(issuer: str) -> Document:
    """Fetches the document of `issuer`, which it must name to the letter.

    Raises DiscoveryError: not to be had, no JSON object, another issuer, an endpoint missing or not over https.
    Source of the address and of the comparison: OpenID Connect Discovery 1.0, sections 4.1 and 4.3 (read 2026-11-21).
    """
    address = issuer.rstrip("/") + WELL_KNOWN
    found = fetched(address)
    if found.get("issuer") != issuer:
        raise DiscoveryError(
            f"{address} names the issuer {found.get('issuer')!r}, opencode:oidc.issuer is {issuer!r}; "
            "tokens carry the former, to the letter: write that"
        )
    for field in (*REQUIRED, *OPTIONAL):
        check(address, field, found.get(field), is_required=field in REQUIRED)
    return Document(
        issuer=issuer,
        authorization_endpoint=found["authorization_endpoint"],
        token_endpoint=found["token_endpoint"],
        userinfo_endpoint=found["userinfo_endpoint"],
        jwks_uri=found["jwks_uri"],
        end_session_endpoint=found.get("end_session_endpoint"),
        revocation_endpoint=found.get("revocation_endpoint"),
        device_authorization_endpoint=found.get("device_authorization_endpoint"),
    )


def fetched(address: str) -> dict[str, Any]:
    request = Request(secure(address))  # noqa: S310  the scheme is checked
    try:
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            document = json.loads(answer.read(MAX_BYTES))
    except (URLError, OSError, ValueError) as error:
        raise DiscoveryError(f"{address} could not be read: {error}") from error
    if not isinstance(document, dict):
        raise DiscoveryError(f"{address} does not hold a JSON object")
    return document


def check(address: str, field: str, value: object, *, is_required: bool) -> None:
    if value is None and not is_required:
        return
    if not isinstance(value, str) or not value:
        raise DiscoveryError(f"{address} has no {field}")
    secure(value)


def secure(address: str) -> str:
    """The address, when it is https or on this machine. Raises DiscoveryError."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise DiscoveryError(f"{address} is not an https address")
    return address
