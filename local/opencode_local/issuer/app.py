"""The WSGI application: the routes that programs call; `pages` has those for people."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from authlib.oauth2.rfc6750 import InvalidTokenError
from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from opencode_local.issuer.authorization import Authorization
from opencode_local.issuer.dialect import Dialect
from opencode_local.issuer.pages import error_page

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


class Routes(Protocol):
    """Some of the routes of an application."""

    def add_to(self, app: Flask) -> None: ...


class Endpoints:
    """The JSON routes."""

    def __init__(self, server: Authorization, publication: Publication) -> None:
        self._server = server
        self._publication = publication

    def add_to(self, app: Flask) -> None:
        dialect = self._server.dialect
        discovery = f"{dialect.issuer_path}/.well-known/openid-configuration"
        app.add_url_rule(discovery, "discovery", self.discovery, methods=["GET"])
        views: tuple[tuple[str, Sequence[str], Callable[[], Response]], ...] = (
            ("jwks_uri", ["GET"], self.jwks),
            ("token_endpoint", ["POST"], self.token),
            ("userinfo_endpoint", ["GET", "POST"], self.userinfo),
            ("revocation_endpoint", ["POST"], self.revoke),
            ("device_authorization_endpoint", ["POST"], self.device_authorization),
        )
        for name, methods, view in views:
            if name in dialect.paths:
                app.add_url_rule(dialect.paths[name], name, view, methods=methods)

    def discovery(self) -> Response:
        self._publication.discovery_requests += 1
        tokens = self._server.tokens
        return self._published(discovery_document(self._server.dialect, tokens.issuer, tokens.origin))

    def jwks(self) -> Response:
        self._publication.jwks_requests += 1
        return self._published(self._server.keys.jwks())

    def token(self) -> Response:
        return self._server.token_answer()

    def userinfo(self) -> Response:
        with self._server.bearer.acquire("openid") as token:
            user = self._server.directory.one(token.claims["sub"])
            if user is None:
                raise InvalidTokenError
            return json_response(self._server.dialect.user_info(user, token.get_scope()))

    def revoke(self) -> Response:
        return self._server.endpoint_answer("revocation")

    def device_authorization(self) -> Response:
        return self._server.endpoint_answer("device_authorization")

    def _published(self, document: object) -> Response:
        status = self._publication.failing_status
        return json_response(document) if status is None else json_response({"error": "out of order"}, status=status)


def build_app(server: Authorization, *routes: Routes) -> Flask:
    app = Flask("opencode_local.issuer")
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        # cookies know no ports: two issuers on one machine must not share one
        SESSION_COOKIE_NAME=f"issuer-{server.tokens.issuer.rpartition(':')[2]}",
        SESSION_COOKIE_SAMESITE="Lax",
        # a foreign name that resolves to loopback is a web page's attempt to reach us
        TRUSTED_HOSTS=["127.0.0.1", "localhost"],
    )
    for each in routes:
        each.add_to(app)
    app.register_error_handler(ValueError, unacceptable)
    app.after_request(with_security_headers)
    return app


def discovery_document(dialect: Dialect, issuer: str, origin: str) -> dict[str, Any]:
    return {"issuer": issuer, **{name: origin + path for name, path in dialect.paths.items()}, **dialect.metadata}


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
