"""What listeners and their rules do with a request: actions, in AWS's shape and in the engine's.

The embedded AWS knows no `jwt-validation`, so that action is kept in the store, by the ARN of the listener or rule, and
put before the others when they are read. Rules: service model, JwtValidationActionConfig in the API reference, and
Application Load Balancer user guide, "Listener rules" and "Verify JWTs" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.members import Member, block, blocks, reported, request, value, values

JWT = "jwt-validation"
JWT_KIND = "jwt-validation actions"
LAST = frozenset({"forward", "redirect", "fixed-response"})
HTTPS_ONLY = frozenset({JWT, "authenticate-oidc", "authenticate-cognito"})
AUTHENTICATION = (
    *values("authenticationRequestExtraParams", "onUnauthenticatedRequest", "scope", "sessionCookieName"),
    *values("sessionTimeout"),
)
STICKINESS = (value("duration", "DurationSeconds"), value("enabled"))
ACTION = (
    *values("type", "order", "targetGroupArn"),
    block(
        "authenticateCognito",
        *values("userPoolArn", "userPoolClientId", "userPoolDomain"),
        *AUTHENTICATION,
        member="AuthenticateCognitoConfig",
    ),
    block(
        "authenticateOidc",
        *values("authorizationEndpoint", "clientId", "clientSecret", "issuer", "tokenEndpoint", "userInfoEndpoint"),
        *AUTHENTICATION,
        member="AuthenticateOidcConfig",
    ),
    block("fixedResponse", *values("contentType", "messageBody", "statusCode"), member="FixedResponseConfig"),
    block(
        "forward",
        blocks("targetGroups", value("arn", "TargetGroupArn"), value("weight")),
        block("stickiness", *STICKINESS, member="TargetGroupStickinessConfig"),
        member="ForwardConfig",
    ),
    block(
        "jwtValidation",
        *values("issuer", "jwksEndpoint"),
        blocks("additionalClaims", *values("format", "name", "values")),
        member="JwtValidationConfig",
    ),
    block("redirect", *values("statusCode", "host", "path", "port", "protocol", "query"), member="RedirectConfig"),
)
CONFIGURATION: Mapping[str, str] = {
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "authenticate-oidc": "AuthenticateOidcConfig",
    "fixed-response": "FixedResponseConfig",
    "redirect": "RedirectConfig",
    JWT: "JwtValidationConfig",
}
ON_THIS_MACHINE = ("http://127.0.0.1:", "http://localhost:")
"""AWS takes no such address; a local run may have its identity provider there."""
MAX_JWT_TEXT = 256
MAX_CLAIMS = MAX_CLAIM_VALUES = 10
CONTENT_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")


def actions_member(name: str) -> Member:
    """The property that holds actions: `actions` or `defaultActions`."""
    return blocks(name, *ACTION)


def requested(declared: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """AWS's actions, each with its place: that of the list where none is given."""
    return [
        {"Order": place, **request(ACTION, action)} if len(declared) > 1 else request(ACTION, action)
        for place, action in enumerate(declared, start=1)
    ]


def without_jwt(actions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What the embedded AWS is told."""
    return [action for action in actions if action["Type"] != JWT]


def keep_jwt(aws: Aws, arn: str, actions: Sequence[Mapping[str, Any]]) -> None:
    """Stores what `without_jwt` leaves out."""
    kept = [action for action in actions if action["Type"] == JWT]
    if kept:
        aws.store.put(JWT_KIND, arn, {"Actions": kept})
    else:
        aws.store.delete(JWT_KIND, arn)


def read_actions(
    aws: Aws, arn: str, there: Sequence[Mapping[str, Any]], declared: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The engine's actions of what AWS has, in the order in which they run."""
    kept = aws.store.get(JWT_KIND, arn) or {"Actions": []}
    found = sorted([*kept["Actions"], *there], key=lambda action: int(action.get("Order", 0)))
    known = [*declared, *([{}] * (len(found) - len(declared)))]
    return [reported(ACTION, action, like) for action, like in zip(found, known, strict=False)]


def refuse_actions(operation: str, protocol: str, actions: Sequence[Mapping[str, Any]]) -> None:
    """Raises AwsError for what the service model does not say."""
    kinds = [action["Type"] for action in sorted(actions, key=lambda action: action.get("Order", 0))]
    if not kinds or kinds[-1] not in LAST or LAST & set(kinds[:-1]):
        message = "An action must be specified of type forward, redirect or fixed-response, once and as the last"
        raise AwsError("InvalidLoadBalancerAction", message, operation)
    for action in actions:
        if action["Type"] in HTTPS_ONLY and protocol != "HTTPS":
            message = f"Actions of type '{action['Type']}' are supported only on HTTPS listeners"
            raise AwsError("InvalidLoadBalancerAction", message, operation)
        _refuse_configuration(operation, action)


def _refuse_configuration(operation: str, action: Mapping[str, Any]) -> None:
    kind = action["Type"]
    wanted = CONFIGURATION.get(kind)
    is_complete = wanted in action if wanted else "TargetGroupArn" in action or "ForwardConfig" in action
    if not is_complete:
        message = f"The action type '{kind}' must be specified with '{wanted or 'TargetGroupArn or ForwardConfig'}'"
        raise AwsError("InvalidLoadBalancerAction", message, operation)
    if kind == JWT:
        _refuse_jwt(operation, action["JwtValidationConfig"])
    if kind == "fixed-response":
        _refuse_response(operation, action["FixedResponseConfig"])


def _refuse_jwt(operation: str, config: Mapping[str, Any]) -> None:
    claims = config.get("AdditionalClaims", ())
    if not config["JwksEndpoint"].startswith(("https://", *ON_THIS_MACHINE)):
        message = f"The JWKS endpoint '{config['JwksEndpoint']}' must be a full URL with the HTTPS protocol"
    elif max(len(config["JwksEndpoint"]), len(config["Issuer"])) > MAX_JWT_TEXT or not config["Issuer"]:
        message = f"Issuer and JWKS endpoint must have 1 to {MAX_JWT_TEXT} characters"
    elif len(claims) > MAX_CLAIMS:
        message = f"'{len(claims)}' additional claims are too many; the limit is '{MAX_CLAIMS}'"
    elif any(not 1 <= len(claim["Values"]) <= MAX_CLAIM_VALUES for claim in claims):
        message = f"Each additional claim must have 1 to {MAX_CLAIM_VALUES} values"
    else:
        return
    raise AwsError("InvalidLoadBalancerAction", message, operation)


def _refuse_response(operation: str, config: Mapping[str, Any]) -> None:
    if config.get("ContentType", CONTENT_TYPES[0]) not in CONTENT_TYPES:
        message = f"The ContentType must be one of: {', '.join(CONTENT_TYPES)}"
        raise AwsError("InvalidLoadBalancerAction", message, operation)
