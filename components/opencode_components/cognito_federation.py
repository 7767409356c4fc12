"""Sign-in at another OpenID provider, whose client secret only CloudFormation reads."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input, Output

from opencode_components.refusals import refusal

SECRET_KEY = "client_secret"  # noqa: S105  the name of a key, not its value
PROVIDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{2,31}")
"""Narrower than Cognito's own pattern: what needs no quoting anywhere."""
RESERVED_NAMES = frozenset({"cognito", "facebook", "google", "loginwithamazon", "signinwithapple"})
ATTRIBUTES: Mapping[str, str] = {
    "email": "email",
    "email_verified": "email_verified",
    "given_name": "given_name",
    "family_name": "family_name",
    "username": "sub",
}
"""The pool's attributes and the claims they are filled from."""


@dataclass(frozen=True, kw_only=True)
class Federation:
    """An OpenID provider as a user pool knows it."""

    name: str
    issuer: Input[str]
    client_id: Input[str]
    secret_arn: Input[str]
    secret_version_id: Input[str] | None
    scopes: Sequence[str]


def federation_template(user_pool_id: Input[str], federation: Federation) -> Output[str]:
    """A CloudFormation template, JSON, of exactly one identity provider.

    Source: AWS CloudFormation template reference, "AWS::Cognito::UserPoolIdentityProvider" (read 2026-11-21).
    """
    provider = {
        "Type": "AWS::Cognito::UserPoolIdentityProvider",
        "Properties": {
            "UserPoolId": user_pool_id,
            "ProviderName": federation.name,
            "ProviderType": "OIDC",
            "AttributeMapping": ATTRIBUTES,
            "ProviderDetails": {
                "oidc_issuer": federation.issuer,
                "client_id": federation.client_id,
                SECRET_KEY: secret_reference(federation.secret_arn, federation.secret_version_id),
                "authorize_scopes": " ".join(federation.scopes),
                "attributes_request_method": "GET",
            },
        },
    }
    return Output.json_dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Provider": provider}})


def secret_reference(secret_arn: Input[str], version_id: Input[str] | None) -> Output[str]:
    """`{{resolve:secretsmanager:ARN:SecretString:KEY:STAGE:VERSION}}`, the last two left out for the current version.

    Source: AWS CloudFormation user guide, "Get a secret or secret value from Secrets Manager" (read 2026-11-21).
    """
    version = [] if version_id is None else ["::", version_id]
    return Output.concat("{{resolve:secretsmanager:", secret_arn, f":SecretString:{SECRET_KEY}", *version, "}}")


def check_federation_name(key: str, value: str) -> None:
    if not PROVIDER_NAME.fullmatch(value) or value.lower() in RESERVED_NAMES:
        raise refusal(
            key,
            value,
            reason="is no name for an OpenID provider in Cognito",
            fix="use 3 to 32 letters, digits, . and -, and none of Cognito's own names such as Google",
        )
