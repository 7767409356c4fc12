"""The provider that an `authenticate-oidc` or `authenticate-cognito` action names, at its address on this machine.

Source: Elastic Load Balancing API reference, "AuthenticateOidcActionConfig" and "AuthenticateCognitoActionConfig"
(read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opencode_components.testing.graph import Graph
from opencode_local.addresses import Addresses

CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
SETTINGS = {"authenticate-oidc": "authenticateOidc", "authenticate-cognito": "authenticateCognito"}
"""The member of an action that holds what its type needs."""
SCOPE = "openid"
COOKIE_NAME = "AWSELBAuthSessionCookie"
SESSION_TIMEOUT_S = 604_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where people sign in, and for whom."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    extra_params: Mapping[str, str]
    cookie_name: str
    session_timeout_s: int
    on_unauthenticated: str
    """`authenticate`, `allow` or `deny`."""


class Providers:
    """Actions read with what the graph and the run know."""

    def __init__(self, graph: Graph, addresses: Addresses) -> None:
        self._graph = graph
        self._addresses = addresses

    def of(self, action: Mapping[str, Any]) -> Provider:
        """Raises LookupError where a pool's client is none of the program's, or has no secret."""
        settings = action[SETTINGS[action["type"]]]
        named = self._of_pool(settings) if action["type"] == "authenticate-cognito" else named_here(settings)
        urls = {name: self._addresses.local(value) for name, value in named.items() if not name.startswith("client_")}
        return Provider(
            **{**named, **urls},
            scope=settings.get("scope") or SCOPE,
            extra_params=settings.get("authenticationRequestExtraParams") or {},
            cookie_name=settings.get("sessionCookieName") or COOKIE_NAME,
            session_timeout_s=int(settings.get("sessionTimeout") or SESSION_TIMEOUT_S),
            on_unauthenticated=settings.get("onUnauthenticatedRequest") or "authenticate",
        )

    def _of_pool(self, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """`userPoolDomain` is a prefix of Cognito's own domain, or a domain of one's own."""
        region, pool_id = settings["userPoolArn"].split(":")[3], settings["userPoolArn"].rpartition("/")[2]
        domain = settings["userPoolDomain"]
        host = domain if "." in domain else f"{domain}.auth.{region}.amazoncognito.com"
        return {
            "issuer": f"https://cognito-idp.{region}.amazonaws.com/{pool_id}",
            "authorization_endpoint": f"https://{host}/oauth2/authorize",
            "token_endpoint": f"https://{host}/oauth2/token",
            "user_info_endpoint": f"https://{host}/oauth2/userInfo",
            "client_id": settings["userPoolClientId"],
            "client_secret": self._client_secret(settings["userPoolClientId"]),
        }

    def _client_secret(self, client_id: str) -> str:
        client = self._graph.identified(client_id)
        secret = client.outputs.get("clientSecret") if client else None
        if not secret:
            raise LookupError(f"authenticate-cognito needs a client with a secret; {client_id!r} has none here")
        return str(secret)


def named_here(settings: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "issuer": settings["issuer"],
        "authorization_endpoint": settings["authorizationEndpoint"],
        "token_endpoint": settings["tokenEndpoint"],
        "user_info_endpoint": settings["userInfoEndpoint"],
        "client_id": settings["clientId"],
        "client_secret": settings["clientSecret"],
    }
