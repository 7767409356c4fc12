"""A provider as the specifications describe it: OpenID Connect Core 1.0 and Discovery 1.0, RFC 9068 access tokens.

Source: OpenID Connect Discovery 1.0, 3; RFC 8414, 2; RFC 8628, 4 (read 2026-11-21).
"""

from opencode_local.issuer.clients import AUTH_METHODS, GRANT_TYPES, SCOPES
from opencode_local.issuer.dialect import Claims, Dialect
from opencode_local.issuer.keys import ALGORITHM
from opencode_local.issuer.people import User
from opencode_local.issuer.store import SignIn

CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "sid", "auth_time", "nonce", "at_hash", "token_use")
PROFILE_CLAIMS = ("email", "email_verified", "name", "groups")


def access_claims(sign_in: SignIn, scope: str) -> Claims:
    """`aud` is the client: the gateway is told one name whichever of the two tokens it gets."""
    user = sign_in.user
    return {
        "sub": user.sub,
        "aud": sign_in.client_id,
        "client_id": sign_in.client_id,
        "scope": scope,
        "email": user.email,
        "groups": list(user.groups),
    }


def id_claims(sign_in: SignIn) -> Claims:
    return {"aud": sign_in.client_id, "auth_time": sign_in.auth_time_s, **profile(sign_in.user)}


def profile(user: User, _scope: str = "") -> Claims:
    return {
        "sub": user.sub,
        "email": user.email,
        "email_verified": True,
        "name": user.name,
        "groups": list(user.groups),
    }


def unchanged(status: int, document: Claims) -> tuple[int, Claims]:
    return status, document


OPENID = Dialect(
    paths={
        "authorization_endpoint": "/authorize",
        "token_endpoint": "/token",
        "userinfo_endpoint": "/userinfo",
        "jwks_uri": "/jwks.json",
        "revocation_endpoint": "/revoke",
        "device_authorization_endpoint": "/device_authorization",
        "end_session_endpoint": "/logout",
    },
    metadata={
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANT_TYPES,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": SCOPES,
        "claims_supported": (*CLAIMS, *PROFILE_CLAIMS),
        "prompt_values_supported": ["none", "login", "select_account"],
    },
    header_types={"access": "at+jwt", "id": "JWT"},
    family_claim="sid",
    access_claims=access_claims,
    id_claims=id_claims,
    user_info=profile,
    code_life_s=60,
    requires_pkce=True,
    revokes_access_tokens=True,
    token_answer=unchanged,
)
