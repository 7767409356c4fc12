"""The app clients that a program declares for its user pool.

Source: Amazon Cognito user pools API reference, "CreateUserPoolClient" (read 2026-11-21): defaults and units.
"""

from collections.abc import Mapping
from typing import Any

from opencode_components.testing.graph import Graph, Resource
from opencode_local.addresses import Addresses
from opencode_local.issuer.clients import Client, Refreshing

CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
UNIT_S = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
DEFAULT_VALIDITY_S = {"accessToken": 3600, "idToken": 3600, "refreshToken": 30 * 86_400}
DEFAULT_UNITS = {"accessToken": "hours", "idToken": "hours", "refreshToken": "days"}


def declared_clients(graph: Graph, pool_id: str, addresses: Addresses) -> tuple[Client, ...]:
    """Those of a pool that may use its hosted domain with authorization codes."""
    own = (client for client in graph.all(CLIENT) if client.outputs.get("userPoolId") == pool_id)
    return tuple(pool_client(client, addresses) for client in own if takes_codes(client.outputs))


def takes_codes(client: Mapping[str, Any]) -> bool:
    is_oauth = client.get("allowedOauthFlowsUserPoolClient", False)
    return bool(is_oauth) and "code" in (client.get("allowedOauthFlows") or ())


def pool_client(resource: Resource, addresses: Addresses) -> Client:
    declared = resource.outputs
    scopes = tuple(declared.get("allowedOauthScopes") or ())
    rotation = declared.get("refreshTokenRotation") or {}
    return Client(
        client_id=str(resource.id).rpartition("/")[2],
        name=declared.get("name") or resource.name,
        secret=declared.get("clientSecret") or None,
        redirect_uris=tuple(declared.get("callbackUrls") or ()),
        post_logout_redirect_uris=tuple(declared.get("logoutUrls") or ()),
        grant_types=("authorization_code", "refresh_token"),
        scopes=scopes,
        default_scope=" ".join(scopes),
        life_s={"access": validity_s(declared, "accessToken"), "id": validity_s(declared, "idToken")},
        refreshing=Refreshing(
            life_s=validity_s(declared, "refreshToken"),
            rotates=rotation.get("feature") == "ENABLED",
            grace_s=int(rotation.get("retryGracePeriodSeconds") or 0),
            reuse_ends_family=False,
        ),
        takes_any_port=False,
        place=addresses.local,
    )


def validity_s(client: Mapping[str, Any], token: str) -> int:
    validity = client.get(f"{token}Validity")
    if not validity:
        return DEFAULT_VALIDITY_S[token]
    unit = (client.get("tokenValidityUnits") or {}).get(token) or DEFAULT_UNITS[token]
    return int(validity) * UNIT_S[unit]
