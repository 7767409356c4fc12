"""A Cognito user pool: the paths of its issuer and of its hosted domain, and the claims of its tokens.

Sources, read 2026-11-21: Amazon Cognito developer guide, "Understanding user pool JSON web tokens (JWTs)", "Token
endpoint", "The token revocation endpoint", "The userInfo endpoint", "Scopes, M2M, and resource servers".
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from opencode_local.issuer.dialect import Claims, Dialect
from opencode_local.issuer.keys import ALGORITHM
from opencode_local.issuer.people import User
from opencode_local.issuer.store import SignIn

VERSION = 2
CODE_LIFE_S = 300


def pool_dialect(pool_id: str) -> Dialect:
    return Dialect(
        issuer_path=f"/{pool_id}",
        paths={
            "authorization_endpoint": "/oauth2/authorize",
            "token_endpoint": "/oauth2/token",
            "userinfo_endpoint": "/oauth2/userInfo",
            "jwks_uri": f"/{pool_id}/.well-known/jwks.json",
            "revocation_endpoint": "/oauth2/revoke",
            "end_session_endpoint": "/logout",
        },
        metadata={
            "response_types_supported": ["code", "token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
        },
        header_types={"access": None, "id": None},
        family_claim="origin_jti",
        access_claims=access_claims,
        id_claims=id_claims,
        user_info=user_info,
        code_life_s=CODE_LIFE_S,
        requires_pkce=False,
        revokes_access_tokens=False,
        token_answer=token_answer,
    )


def access_claims(sign_in: SignIn, scope: str) -> Claims:
    """No `aud`: the client is in `client_id`."""
    return {
        **of_sign_in(sign_in),
        "version": VERSION,
        "client_id": sign_in.client_id,
        "scope": scope,
        "username": sign_in.user.username,
    }


def id_claims(sign_in: SignIn) -> Claims:
    return {
        **of_sign_in(sign_in),
        "aud": sign_in.client_id,
        "cognito:username": sign_in.user.username,
        **attributes(sign_in.user, sign_in.scope),
    }


def of_sign_in(sign_in: SignIn) -> Claims:
    return {
        "sub": sign_in.user.sub,
        "cognito:groups": list(sign_in.user.groups) or None,
        "event_id": str(uuid4()),
        "auth_time": sign_in.auth_time_s,
        "nbf": None,
    }


def user_info(user: User, scope: str) -> Claims:
    """All values are strings."""
    told = attributes(user, scope)
    if "email_verified" in told:
        told = {**told, "email_verified": str(told["email_verified"]).lower()}
    return {"sub": user.sub, **told, "username": user.username}


def attributes(user: User, scope: str) -> Mapping[str, Any]:
    """Every attribute for `profile`, and for `openid` alone; else those of the scopes that were asked for."""
    email = {"email": user.email, "email_verified": user.email_verified} if user.email else {}
    asked = set(scope.split())
    if "profile" in asked or not asked & {"email", "phone"}:
        return {**email, "name": user.name}
    return email if "email" in asked else {}


def token_answer(status: int, document: Claims) -> tuple[int, Claims]:
    """Every refusal is a 400 with a code alone; a success does not repeat the scope."""
    if "error" in document:
        return 400, {"error": document["error"]}
    return status, {name: value for name, value in document.items() if name != "scope"}
