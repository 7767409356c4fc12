"""The authorization server: Authlib's, on our clients, store and tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Response, session
from joserfc.jwk import KeySet

from opencode_local.issuer import grants
from opencode_local.issuer.clients import AUTH_METHODS, DEFAULT_SCOPES, SCOPES, Client
from opencode_local.issuer.keys import ALGORITHM, SigningKeys
from opencode_local.issuer.store import DEVICE_INTERVAL_S, DEVICE_LIFE_S, DeviceRequest, RefreshToken, SignIn, Store
from opencode_local.issuer.tokens import Claims, Tokens, Unreadable


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


class Authorization(AuthorizationServer):
    """Every grant and endpoint of this provider, registered."""

    def __init__(self, clients: Sequence[Client], *, store: Store, tokens: Tokens, keys: SigningKeys) -> None:
        super().__init__(query_client={client.client_id: client for client in clients}.get, save_token=already_saved)
        self.scopes_supported = SCOPES
        self.store = store
        self.tokens = tokens
        self.keys = keys
        self.register_token_generator("default", self.token_response)
        on_refresh = grants.IdTokenOfRefresh(tokens)
        self.register_grant(
            grants.StoredCode, [grants.RequiredS256(required=True), grants.IdTokenOfCode(tokens)]
        )
        self.register_grant(grants.RotatedRefresh, [on_refresh])
        self.register_grant(grants.AnsweredDevice, [on_refresh])
        for endpoint in (Revocation, DeviceAuthorization, EndSession):
            self.register_endpoint(endpoint)
        self.bearer = ResourceProtector()
        self.bearer.register_token_validator(Bearer(self))

    def token_response(
        self, *, client: Client, user: SignIn, scope: str | None, include_refresh_token: bool, **_: Any
    ) -> dict[str, Any]:
        granted = client.get_allowed_scope(scope)
        response = {
            "token_type": "Bearer",
            "access_token": self.tokens.access(user, granted),
            "expires_in": self.tokens.life_s,
            "scope": granted,
        }
        return {**response, "refresh_token": self.store.add_refresh_token(user)} if include_refresh_token else response

    def access_token(self, text: str) -> AccessToken | None:
        try:
            claims = self.tokens.read(text)
        except Unreadable:
            return None
        if claims.get("token_use") != "access":
            return None
        return AccessToken(
            claims=claims,
            has_expired=self.store.clock() >= claims["exp"],
            was_revoked=self.store.is_revoked(claims),
        )

    def handle_response(self, status: int, body: object, headers: Sequence[tuple[str, str]]) -> Response:
        content = msgspec.json.encode(body) if isinstance(body, Mapping) else body
        return Response(content, status=status, headers=dict(headers))  # type: ignore[arg-type]


class Bearer(BearerTokenValidator):
    """Access tokens of this provider, on its clock."""

    def __init__(self, server: Authorization) -> None:
        super().__init__()
        self.server = server

    def authenticate_token(self, token_string: str) -> AccessToken | None:
        return self.server.access_token(token_string)


class Revocation(RevocationEndpoint):
    """A refresh token takes its family with it, an access token goes alone. Source: RFC 7009, 2.1 (2026-11-21)."""

    CLIENT_AUTH_METHODS = AUTH_METHODS
    server: Authorization

    def query_token(self, token_string: str, _token_type_hint: str | None) -> RefreshToken | AccessToken | None:
        return self.server.store.refresh_token(token_string) or self.server.access_token(token_string)

    def revoke_token(self, token: RefreshToken | AccessToken, _request: OAuth2Request) -> None:
        is_refresh = isinstance(token, RefreshToken)
        self.server.store.revoke(token.sign_in.id if is_refresh else token.claims["jti"])


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


class EndSession(EndSessionEndpoint):
    """Forgets who is at the browser. Source: OpenID Connect RP-Initiated Logout 1.0 (read 2026-11-21)."""

    server: Authorization

    def get_server_jwks(self) -> KeySet:
        return self.server.keys.published

    def get_algorithms(self) -> list[str]:
        return [ALGORITHM]

    def end_session(self, _request: object) -> None:
        session.clear()


def already_saved(_token: object, _request: OAuth2Request) -> None:
    """A refresh token is stored as it is made; a JWT is not stored at all."""
