"""How the load balancer has people sign in before it lets their browsers through.

Source: Application Load Balancer user guide, "Authenticate users using an Application Load Balancer" (read 2026-11-21).
"""

import json
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output

from opencode_components.partitions import partition
from opencode_components.refusals import refusal

SESSION_S = 12 * 60 * 60
"""One working day, as long as the refresh tokens of the browsers' client last."""
SCOPE = "openid email profile"
AUTHENTICATE, ALLOW = "authenticate", "allow"
"""What becomes of a request without a session: its browser is sent to sign in, or it goes through without a person."""
GOVERNMENT = "aws-us-gov"
CALLBACK_PATH = "/oauth2/idpresponse"
"""Where the provider sends people back to, on each host that they sign in at; the load balancer answers there."""


@dataclass(frozen=True, kw_only=True)
class CognitoSignIn:
    """In a user pool. No secret is in it: the load balancer reads that of the client by itself."""

    user_pool_arn: Input[str]
    domain: Input[str]
    """The prefix of the pool's sign-in host."""
    client_id: Input[str]


@dataclass(frozen=True, kw_only=True)
class OidcSignIn:
    """At any OpenID provider, whose client's secret the load balancer has to be told."""

    issuer: Input[str]
    authorization_endpoint: Input[str]
    token_endpoint: Input[str]
    userinfo_endpoint: Input[str]
    client_id: Input[str]
    client_secret_arn: Input[str]
    """Secrets Manager secret with a JSON value whose key `client_secret` holds it."""


def sign_in_action(
    sign_in: CognitoSignIn | OidcSignIn, *, region: str, cookie_name: str, on_unauthenticated: str = AUTHENTICATE
) -> aws.lb.ListenerRuleActionArgs:
    """The first action of a rule: whoever has no session is sent to sign in, unless `on_unauthenticated` is ALLOW.

    `cookie_name` keeps sessions of several hosts apart; rules of one host share it, and so the session.
    """
    settings: dict[str, Any] = {
        "scope": SCOPE,
        "session_cookie_name": cookie_name,
        "session_timeout": SESSION_S,
        "on_unauthenticated_request": on_unauthenticated,
    }
    if isinstance(sign_in, CognitoSignIn):
        cognito = aws.lb.ListenerRuleActionAuthenticateCognitoArgs(
            user_pool_arn=sign_in.user_pool_arn,
            user_pool_client_id=sign_in.client_id,
            user_pool_domain=sign_in.domain,
            **settings,
        )
        return aws.lb.ListenerRuleActionArgs(type="authenticate-cognito", order=1, authenticate_cognito=cognito)
    oidc = aws.lb.ListenerRuleActionAuthenticateOidcArgs(
        issuer=sign_in.issuer,
        authorization_endpoint=sign_in.authorization_endpoint,
        token_endpoint=sign_in.token_endpoint,
        user_info_endpoint=sign_in.userinfo_endpoint,
        client_id=sign_in.client_id,
        client_secret=client_secret(sign_in.client_secret_arn, region),
        **settings,
    )
    return aws.lb.ListenerRuleActionArgs(type="authenticate-oidc", order=1, authenticate_oidc=oidc)


def client_secret(secret_arn: Input[str], region: str) -> Output[str]:
    """Secret: the engine encrypts it in its state and shows it nowhere. Read anew by each deployment."""
    version = aws.secretsmanager.get_secret_version_output(secret_id=secret_arn, region=region)
    known = Output.all(Output.from_input(secret_arn), version.secret_string)
    found: Output[str] = Output.secret(known.apply(lambda pair: secret_in(*pair)))
    return found


def secret_in(secret_arn: str, text: str) -> str:
    """Raises ValueError, without a word of the text, when it is not what it should be."""
    try:
        found = json.loads(text)["client_secret"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str) or not found:
        fix = 'give the secret a value like {"client_id": "...", "client_secret": "..."}'
        # The text itself stays out of the message, and out of the traceback that would quote it.
        raise refusal("client_secret_arn", secret_arn, reason="holds no client_secret", fix=fix) from None
    return found


def signer_keys_url(region: str) -> str:
    """Where the public keys are with which a load balancer of the region signs what it says of a person.

    Source: same guide, "User claims encoding and signature verification" (read 2026-11-21).
    """
    if partition(region) == GOVERNMENT:
        return f"https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}"
    return f"https://public-keys.auth.elb.{region}.amazonaws.com"
