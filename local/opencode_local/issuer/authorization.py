"""The authorization server: Authlib's, on our clients, store and tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint
from flask import Response

from opencode_local.issuer import grants
from opencode_local.issuer.clients import AUTH_METHODS, DEFAULT_SCOPES, Client
from opencode_local.issuer.dialect import Claims, Dialect
from opencode_local.issuer.keys import SigningKeys
from opencode_local.issuer.people import Directory, Presence
from opencode_local.issuer.store import DEVICE_INTERVAL_S, DEVICE_LIFE_S, DeviceRequest, RefreshToken, SignIn, Store
from opencode_local.issuer.tokens import Tokens, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token that someone brought; the methods are those that Authlib asks for."""

    claims: Claims
    has_expired: bool
    was_revoked: bool

    def check_client(self, client: Client) -> bool:
        return bool(client.client_id == self.claims.get("client_id"))

    def get_scope(self) -> str:
        return str(self.claims.get("scope", ""))

    def is_expired(self) -> bool:
        return self.has_expired

    def is_revoked(self) -> bool:
        return self.was_revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What an authorization server is made of."""

    dialect: Dialect
    clients: Sequence[Client]
    directory: Directory
    store: Store
    tokens: Tokens
    keys: SigningKeys


class Authorization(AuthorizationServer):
    """Every grant and endpoint of this provider, registered."""

    def __init__(self, provider: Provider) -> None:
        self.clients = {client.client_id: client for client in provider.clients}
        super().__init__(query_client=self.clients.get, save_token=already_saved)
        self.dialect = provider.dialect
        self.directory = provider.directory
        self.store = provider.store
        self.tokens = tokens = provider.tokens
        self.keys = provider.keys
        self.register_token_generator("default", self.token_response)
        on_refresh = grants.IdTokenOfRefresh(tokens)
        pkce = grants.RequiredS256(required=self.dialect.requires_pkce)
        self.register_grant(grants.StoredCode, [pkce, grants.IdTokenOfCode(tokens)])
        self.register_grant(grants.StoredRefresh, [on_refresh])
        self.register_endpoint(Revocation)
        if "device_authorization_endpoint" in self.dialect.paths:
            self.register_grant(grants.AnsweredDevice, [on_refresh])
            self.register_endpoint(DeviceAuthorization)
        self.bearer = ResourceProtector()
        self.bearer.register_token_validator(Bearer(self))

    def token_response(
        self, *, grant_type: str, client: Client, user: SignIn, scope: str, include_refresh_token: bool, **_: Any
    ) -> dict[str, Any]:
        """`scope` was checked when it was asked for. Without rotation a refresh leaves its refresh token as it is."""
        life_s = client.life_s.get("access", self.tokens.life_s)
        response = {
            "token_type": "Bearer",
            "access_token": self.tokens.access(user, scope, life_s=life_s),
            "expires_in": life_s,
            "scope": scope,
        }
        is_replaced = grant_type != "refresh_token" or client.refreshing.rotates
        if include_refresh_token and is_replaced:
            response["refresh_token"] = self.store.add_refresh_token(user, client.refreshing)
        return response

    def token_answer(self) -> Response:
        answer: Response = self.create_token_response()
        status, document = self.dialect.token_answer(answer.status_code, answer.get_json())
        answer.status_code = status
        answer.set_data(msgspec.json.encode(document))
        return answer

    def endpoint_answer(self, name: str) -> Response:
        response: Response = self.create_endpoint_response(name)
        return response

    def authorization_answer(self, grant: Any, presence: Presence | None) -> Response:
        """A redirect to the client: with a code, or with a refusal where nobody is present."""
        response: Response = self.create_authorization_response(grant_user=presence, grant=grant)
        return response

    def error_answer(self, error: OAuth2Error) -> Response:
        response: Response = self.handle_error_response(None, error)
        return response

    def access_token(self, text: str) -> AccessToken | None:
        try:
            claims = self.tokens.read("access", text)
        except Unreadable:
            return None
        return AccessToken(
            claims=claims,
            has_expired=self.store.clock() >= claims["exp"],
            was_revoked=self.store.is_revoked(claims) or self.directory.one(claims["sub"]) is None,
        )

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Response:
        content = msgspec.json.encode(body) if isinstance(body, Mapping) else body
        return Response(content, status=status, headers=dict(headers))


class Bearer(BearerTokenValidator):
    """Access tokens of this provider, on its clock."""

    def __init__(self, server: Authorization) -> None:
        super().__init__()
        self.server = server

    def authenticate_token(self, token_string: str) -> AccessToken | None:
        return self.server.access_token(token_string)


class NotRevocable(OAuth2Error):
    """Access tokens, where the provider revokes refresh tokens alone. Source: RFC 7009, 2.2.1 (read 2026-11-21)."""

    error = "unsupported_token_type"


class Revocation(RevocationEndpoint):
    """A refresh token takes its family with it, an access token goes alone. Source: RFC 7009, 2.1 (2026-11-21)."""

    CLIENT_AUTH_METHODS = AUTH_METHODS
    server: Authorization

    def query_token(self, token_string: str, _token_type_hint: str | None) -> RefreshToken | AccessToken | None:
        return self.server.store.refresh_token(token_string) or self.server.access_token(token_string)

    def revoke_token(self, token: RefreshToken | AccessToken, _request: OAuth2Request) -> None:
        if isinstance(token, AccessToken) and not self.server.dialect.revokes_access_tokens:
            raise NotRevocable
        self.server.store.revoke(token.sign_in.id if isinstance(token, RefreshToken) else token.claims["jti"])


class DeviceAuthorization(DeviceAuthorizationEndpoint):
    """The start of the device flow."""

    CLIENT_AUTH_METHODS = AUTH_METHODS
    EXPIRES_IN = DEVICE_LIFE_S
    INTERVAL = DEVICE_INTERVAL_S
    server: Authorization

    def get_verification_uri(self) -> str:
        return f"{self.server.tokens.issuer}/device"

    def save_device_credential(self, client_id: str, scope: str | None, data: Mapping[str, Any]) -> None:
        self.server.store.add_device(
            DeviceRequest(
                device_code=data["device_code"],
                user_code=data["user_code"],
                client_id=client_id,
                scope=scope or DEFAULT_SCOPES,
                expires_s=self.server.store.clock() + DEVICE_LIFE_S,
            )
        )


def already_saved(_token: object, _request: OAuth2Request) -> None:
    """A refresh token is stored as it is made; a JWT is not stored at all."""
