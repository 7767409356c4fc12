"""Which credential a request carries; nothing is verified here."""

import re
from dataclasses import dataclass

from multidict import CIMultiDict, CIMultiDictProxy

from opencode_router.errors import Unauthenticated
from opencode_router.identity import key_format

MAX_CHARACTERS = 16 * 1024
"""Beyond any real token, and small enough to hash and scan on the event loop."""

JWT_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)

Headers = CIMultiDict[str] | CIMultiDictProxy[str]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A well-formed API key."""

    text: str


@dataclass(frozen=True, slots=True)
class Jwt:
    """Text with the three parts of a signed JWT."""

    text: str


Credential = ApiKey | Jwt


def credential(headers: Headers) -> Credential:
    """The one credential in `Authorization: Bearer ...` or `X-API-Key: oc_...`.

    Both headers may be present if they agree: clients of the Anthropic protocol send their key in one or the other,
    some in both. Claude Code sends what its `apiKeyHelper` prints in both, and that may be a JWT. Empty headers count
    as absent.
    Raises Unauthenticated: missing_credentials, conflicting_credentials, invalid_api_key or invalid_token.
    Source: the anthropic package 2.11, `_client.py`, `auth_headers` and `_validate_headers` (read 2026-11-21).
    """
    authorization = the_only("Authorization", headers)
    api_key = the_only("X-API-Key", headers)
    token = bearer_token(authorization) if authorization else ""
    if token and api_key and token != api_key:
        raise Unauthenticated(
            "Authorization and X-API-Key carry different credentials; send one of them", code="conflicting_credentials"
        )
    if api_key and not token and not key_format.is_marked(api_key):
        raise malformed_key()
    text = token or api_key
    if not text:
        raise Unauthenticated("send an API key (X-API-Key: oc_...) or a token (Authorization: Bearer ...)")
    return classified(text)


def the_only(name: str, headers: Headers) -> str:
    """The header's value without white space around it, "" if absent."""
    values = headers.getall(name, ())
    if len(values) > 1:
        raise Unauthenticated(f"the header {name} is there {len(values)} times", code="conflicting_credentials")
    return values[0].strip() if values else ""


def bearer_token(authorization: str) -> str:
    """The scheme's name is case-insensitive (RFC 9110, 11.1)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Authorization must be 'Bearer' and a token", code="invalid_token")
    return token.strip()


def classified(text: str) -> Credential:
    if key_format.is_marked(text):
        if not key_format.is_well_formed(text):
            raise malformed_key()
        return ApiKey(text)
    if len(text) > MAX_CHARACTERS:
        raise Unauthenticated(f"the token is longer than {MAX_CHARACTERS} characters", code="invalid_token")
    if not JWT_SHAPE.fullmatch(text):
        raise Unauthenticated("the bearer token is neither a signed JWT nor an API key", code="invalid_token")
    return Jwt(text)


def malformed_key() -> Unauthenticated:
    return Unauthenticated("an API key is 'oc_' and 43 letters, digits, '-' or '_'", code="invalid_api_key")
