"""The WSGI application: the routes that programs call; `pages` has those for people."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from opencode_local.issuer.authorization import Authorization
from opencode_local.issuer.clients import AUTH_METHODS, GRANT_TYPES, SCOPES
from opencode_local.issuer.keys import ALGORITHM
from opencode_local.issuer.pages import Pages, error_page
from opencode_local.issuer.people import User
from opencode_local.issuer.tokens import profile

PATHS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "userinfo_endpoint": "/userinfo",
    "jwks_uri": "/jwks.json",
    "revocation_endpoint": "/revoke",
    "device_authorization_endpoint": "/device_authorization",
    "end_session_endpoint": "/logout",
}
CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "sid", "auth_time", "nonce", "at_hash", "token_use")
PROFILE_CLAIMS = ("email", "email_verified", "name", "groups")

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""No `form-action`: browsers apply it to the redirect that answers the form, and that goes to the client."""


@dataclass(slots=True)
class Publication:
    """The documents that verifiers fetch: how often they did, and the status they get while they are out of order."""

    discovery_requests: int = 0
    jwks_requests: int = 0
    failing_status: int | None = None


class Endpoints:
    """The JSON routes."""

    def __init__(self, server: Authorization, users: Sequence[User], publication: Publication) -> None:
        self._server = server
        self._users = {user.sub: user for user in users}
        self._publication = publication

    def add_to(self, app: Flask) -> None:
        for rule, methods, view in (
            ("/.well-known/openid-configuration", ("GET",), self.discovery),
            (PATHS["jwks_uri"], ("GET",), self.jwks),
            (PATHS["token_endpoint"], ("POST",), self.token),
            (PATHS["userinfo_endpoint"], ("GET", "POST"), self.userinfo),
            (PATHS["revocation_endpoint"], ("POST",), self.revoke),
            (PATHS["device_authorization_endpoint"], ("POST",), self.device_authorization),
        ):
            app.add_url_rule(rule, view.__name__, view, methods=methods)

    def discovery(self) -> Response:
        self._publication.discovery_requests += 1
        return self._published(discovery_document(self._server.tokens.issuer))

    def jwks(self) -> Response:
        self._publication.jwks_requests += 1
        return self._published(self._server.keys.jwks())

    def token(self) -> Response:
        return self._server.token_answer()

    def userinfo(self) -> Response:
        with self._server.bearer.acquire("openid") as token:
            user = self._users.get(token.claims["sub"])
            return json_response(profile(user) if user else {"sub": token.claims["sub"]})

    def revoke(self) -> Response:
        return self._server.endpoint_answer("revocation")

    def device_authorization(self) -> Response:
        return self._server.endpoint_answer("device_authorization")

    def _published(self, document: object) -> Response:
        status = self._publication.failing_status
        return json_response(document) if status is None else json_response({"error": "out of order"}, status=status)


def build_app(server: Authorization, users: Sequence[User], publication: Publication) -> Flask:
    app = Flask("opencode_local.issuer")
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        # cookies know no ports: two issuers on one machine must not share one
        SESSION_COOKIE_NAME=f"issuer-{server.tokens.issuer.rpartition(':')[2]}",
        SESSION_COOKIE_SAMESITE="Lax",
        # a foreign name that resolves to loopback is a web page's attempt to reach us
        TRUSTED_HOSTS=["127.0.0.1", "localhost"],
    )
    Endpoints(server, users, publication).add_to(app)
    Pages(server, users).add_to(app)
    app.register_error_handler(ValueError, unacceptable)
    app.after_request(with_security_headers)
    return app


def discovery_document(issuer: str) -> dict[str, Any]:
    """Source: OpenID Connect Discovery 1.0, 3; RFC 8414, 2; RFC 8628, 4 (read 2026-11-21)."""
    return {
        "issuer": issuer,
        **{name: issuer + path for name, path in PATHS.items()},
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
    }


def json_response(document: object, *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(document), status=status, mimetype="application/json")


def unacceptable(error: ValueError) -> ResponseReturnValue:
    """Authlib raises it for text that an OAuth error must not repeat, such as quotes (RFC 6749, 5.2)."""
    current_app.logger.warning("%s %s: %s", request.method, request.path, error)
    if request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html":
        return error_page(BadRequest("A parameter is malformed."))
    return json_response({"error": "invalid_request", "error_description": "A parameter is malformed."}, status=400)


def with_security_headers(response: Response) -> Response:
    response.headers.update(SECURITY_HEADERS)
    return response
