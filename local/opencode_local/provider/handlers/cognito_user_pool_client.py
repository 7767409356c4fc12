"""App clients of a user pool.

Rules: service model of CreateUserPoolClient, and Cognito developer guide, "Application-specific settings with app
clients" and "Refresh tokens" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.cognito_plans import require_plan
from opencode_local.provider.members import block, refuse, reported, request, unsupported, value, values

SETTINGS = (
    value("name", "ClientName"),
    *values("accessTokenValidity", "idTokenValidity", "refreshTokenValidity"),
    value("allowedOauthFlows", "AllowedOAuthFlows"),
    value("allowedOauthFlowsUserPoolClient", "AllowedOAuthFlowsUserPoolClient"),
    value("allowedOauthScopes", "AllowedOAuthScopes"),
    *values("authSessionValidity", "enablePropagateAdditionalUserContextData", "enableTokenRevocation"),
    value("callbackUrls", "CallbackURLs"),
    value("logoutUrls", "LogoutURLs"),
    value("defaultRedirectUri", "DefaultRedirectURI"),
    *values("explicitAuthFlows", "preventUserExistenceErrors", "supportedIdentityProviders"),
    *values("readAttributes", "writeAttributes"),
    block("refreshTokenRotation", *values("feature", "retryGracePeriodSeconds")),
    block("tokenValidityUnits", *values("accessToken", "idToken", "refreshToken")),
)
STANDARD_SCOPES = frozenset({"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"})
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
UNIT_S = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
DAY_S = 86_400
VALIDITIES = (
    ("accessToken", "hours", 300, DAY_S),
    ("idToken", "hours", 300, DAY_S),
    ("refreshToken", "days", 3600, 3650 * DAY_S),
)
"""Token, default unit, shortest and longest lifetime in seconds."""


class UserPoolClient(Handler):
    token = "aws:cognito/userPoolClient:UserPoolClient"
    replace_on = frozenset({"userPoolId", "generateSecret"})
    filled_by_aws = frozenset(
        entry.property for entry in SETTINGS if entry.property not in {"name", "refreshTokenRotation"}
    )
    auto_name = AutoName("name", 128)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(SETTINGS, inputs, "userPoolId", "generateSecret")

    def create(self, aws: Aws, inputs: Properties) -> str:
        refuse_settings(aws, "CreateUserPoolClient", inputs)
        answer = aws.client("cognito-idp").create_user_pool_client(
            UserPoolId=inputs["userPoolId"],
            GenerateSecret=inputs.get("generateSecret", False),
            **request(SETTINGS, inputs),
        )
        return str(answer["UserPoolClient"]["ClientId"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        describe = aws.client("cognito-idp").describe_user_pool_client
        pool_id = inputs.get("userPoolId") or id_.partition("/")[0]
        answer = found(describe, "ResourceNotFoundException", UserPoolId=pool_id, ClientId=_client_id(id_))
        if answer is None:
            return None
        client = answer["UserPoolClient"]
        return {
            **reported(SETTINGS, client, inputs),
            "userPoolId": client["UserPoolId"],
            "generateSecret": "ClientSecret" in client,
            "clientSecret": client.get("ClientSecret", ""),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        refuse_settings(aws, "UpdateUserPoolClient", new)
        rotation = {"feature": "DISABLED"} if "refreshTokenRotation" in old else None
        wanted = request(SETTINGS, {"refreshTokenRotation": rotation, **new})
        aws.client("cognito-idp").update_user_pool_client(
            UserPoolId=new["userPoolId"], ClientId=_client_id(id_), **wanted
        )

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        delete = aws.client("cognito-idp").delete_user_pool_client
        found(delete, "ResourceNotFoundException", UserPoolId=properties["userPoolId"], ClientId=_client_id(id_))


def _client_id(id_: str) -> str:
    """An import names the pool as well, as `<pool id>/<client id>`."""
    return id_.rpartition("/")[2]


def refuse_settings(aws: Aws, operation: str, client: Mapping[str, Any]) -> None:
    """Raises AwsError for what the service model does not say."""
    pool = aws.client("cognito-idp").describe_user_pool(UserPoolId=client["userPoolId"])["UserPool"]
    for url in [*(client.get("callbackUrls") or ()), *(client.get("logoutUrls") or ())]:
        _refuse_url(operation, url)
    _refuse_providers(aws, operation, client)
    _refuse_oauth(aws, operation, client)
    _refuse_sign_in(operation, client, pool.get("UserPoolTier", "ESSENTIALS"))
    _refuse_validities(operation, client)


def _refuse_url(operation: str, url: str) -> None:
    parts = urlsplit(url)
    if not parts.scheme or parts.fragment:
        raise refuse(operation, f"{url} is not a valid redirect URI: it must be absolute and have no fragment.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise refuse(operation, f"{url} is not a valid redirect URI: only loopback addresses may use http.")


def _refuse_providers(aws: Aws, operation: str, client: Mapping[str, Any]) -> None:
    pool_id = client["userPoolId"]
    for name in client.get("supportedIdentityProviders") or ():
        describe = aws.client("cognito-idp").describe_identity_provider
        if name != "COGNITO" and not found(
            describe, "ResourceNotFoundException", UserPoolId=pool_id, ProviderName=name
        ):
            raise refuse(operation, f"The provider {name} does not exist for User Pool {pool_id}.")


def _refuse_oauth(aws: Aws, operation: str, client: Mapping[str, Any]) -> None:
    flows, scopes = client.get("allowedOauthFlows") or [], client.get("allowedOauthScopes") or []
    callbacks = client.get("callbackUrls") or []
    if "client_credentials" in flows and (len(flows) > 1 or not client.get("generateSecret")):
        message = "client_credentials flow needs a client secret and can not be selected along with other flows."
        raise AwsError("InvalidOAuthFlowException", message, operation)
    if client.get("allowedOauthFlowsUserPoolClient") and not (flows and scopes):
        raise AwsError("InvalidOAuthFlowException", "AllowedOAuthFlows and AllowedOAuthScopes are required.", operation)
    if {"code", "implicit"} & set(flows) and not callbacks:
        raise refuse(operation, "CallbackURLs are required for the code and implicit flows.")
    default = client.get("defaultRedirectUri")
    if default and default not in callbacks:
        raise refuse(operation, f"{default} must be in the list of CallbackURLs.")
    _refuse_scopes(aws, operation, client["userPoolId"], scopes)


def _refuse_scopes(aws: Aws, operation: str, pool_id: str, scopes: Sequence[str]) -> None:
    custom = [scope for scope in scopes if scope not in STANDARD_SCOPES]
    if not custom:
        return
    servers = aws.client("cognito-idp").list_resource_servers(UserPoolId=pool_id, MaxResults=50)["ResourceServers"]
    known = {f"{server['Identifier']}/{scope['ScopeName']}" for server in servers for scope in server.get("Scopes", ())}
    missing = [scope for scope in custom if scope not in known]
    if missing:
        raise AwsError("ScopeDoesNotExistException", f"Invalid scope requested: {', '.join(missing)}", operation)


def _refuse_sign_in(operation: str, client: Mapping[str, Any], plan: str) -> None:
    flows = client.get("explicitAuthFlows") or []
    if len({flow.startswith("ALLOW_") for flow in flows}) > 1:
        raise refuse(operation, "ExplicitAuthFlows with and without the prefix ALLOW_ cannot be used together.")
    if "ALLOW_USER_AUTH" in flows:
        require_plan(operation, plan, "ESSENTIALS", "Choice-based sign-in")
    rotates = (client.get("refreshTokenRotation") or {}).get("feature") == "ENABLED"
    # Without explicit flows Cognito allows refresh tokens, custom and SRP sign-in.
    if rotates and (not flows or "ALLOW_REFRESH_TOKEN_AUTH" in flows):
        message = "Refresh token rotation cannot be enabled while ALLOW_REFRESH_TOKEN_AUTH is in ExplicitAuthFlows."
        raise refuse(operation, message)
    if rotates:
        require_plan(operation, plan, "ESSENTIALS", "Refresh token rotation")


def _refuse_validities(operation: str, client: Mapping[str, Any]) -> None:
    units = client.get("tokenValidityUnits") or {}
    for token, default_unit, shortest_s, longest_s in VALIDITIES:
        validity = client.get(f"{token}Validity")
        if not validity:
            continue
        unit = units.get(token, default_unit)
        if not shortest_s <= validity * UNIT_S.get(unit, 1) <= longest_s:
            message = f"Invalid range for token validity: {token} of {validity} {unit} is not within "
            raise refuse(operation, f"{message}{shortest_s} to {longest_s} seconds.")


HANDLERS = (UserPoolClient(),)
