"""An identity that others run: nothing is created, nothing derived, nothing bent."""

import re
from typing import Any, cast

import pulumi
import pytest

from opencode_components.cognito_identity import CognitoIdentity
from opencode_components.external_identity import ExternalIdentity, ExternalIdentityArgs
from opencode_components.testing.graph import Graph
from opencode_components.testing.plugin import Deploy

ISSUER = "https://example.eu.auth0.com/"
GIVEN = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://example.eu.auth0.com/authorize",
    "token_endpoint": "https://example.eu.auth0.com/oauth/token",
    "userinfo_endpoint": "https://example.eu.auth0.com/userinfo",
    "jwks_url": "https://example.eu.auth0.com/.well-known/jwks.json",
    "cli_client_id": "cli",
    "browser_client_id": "browser",
    "browser_client_secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:browser-a1b2c3",
}


def deployed(deploy: Deploy, **changes: Any) -> Graph:
    def program() -> None:
        args = {**GIVEN, "audiences": ["https://gateway.example.com"], **changes}
        identity = ExternalIdentity("dev", cast(ExternalIdentityArgs, args))
        for output in ExternalIdentity.__annotations__:
            pulumi.export(output, getattr(identity, output))

    return deploy(program)


def test_both_kinds_of_identity_have_the_same_outputs() -> None:
    assert ExternalIdentity.__annotations__ == CognitoIdentity.__annotations__


def test_an_identity_of_others_creates_nothing(deploy: Deploy) -> None:
    assert [resource.type for resource in deployed(deploy)] == ["opencode_components:index:ExternalIdentity"]


def test_what_is_given_comes_out_to_the_letter(deploy: Deploy) -> None:
    outputs = deployed(deploy).outputs

    assert {key: outputs[key] for key in GIVEN} == GIVEN
    assert outputs["issuer"].endswith("/"), "Auth0's tokens carry the slash"


def test_what_is_not_given_is_not_made_up(deploy: Deploy) -> None:
    outputs = deployed(deploy).outputs

    assert [outputs.get(f"{name}_endpoint") for name in ("end_session", "revocation", "device_authorization")] == [
        None
    ] * 3
    assert (outputs["audience_claim"], outputs["audience_format"]) == ("aud", "single-string")
    assert outputs["groups_claim"] == "groups"
    assert outputs["token_uses"] == []
    assert outputs["scopes"] == ["openid", "email", "profile"]


def test_claims_formats_and_optional_endpoints_are_configurable(deploy: Deploy) -> None:
    changes = {
        "end_session_endpoint": "https://example.eu.auth0.com/logout",
        "revocation_endpoint": "https://example.eu.auth0.com/oauth/revoke",
        "device_authorization_endpoint": "https://example.eu.auth0.com/oauth/device/code",
        "audiences": ["a", "b"],
        "audience_claim": "client_id",
        "audience_format": "string-array",
        "groups_claim": "https://example.com/groups",
        "scopes": ["openid", "offline_access"],
    }

    outputs = deployed(deploy, **changes).outputs

    assert {key: outputs[key] for key in changes} == changes


def test_a_value_of_another_resource_is_checked_when_it_is_known(deploy: Deploy) -> None:
    with pytest.raises(ValueError, match=r"issuer: 'http://login\.example\.com'"):
        deployed(deploy, issuer=pulumi.Output.from_input("http://login.example.com"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "login.example.com"}, "issuer: 'login.example.com'"),
        ({"issuer": "https://login.example.com/?tenant=1"}, "has a query"),
        ({"issuer": "https://login.example.com/#x"}, "issuer"),
        ({"token_endpoint": "http://login.example.com/token"}, "token_endpoint"),
        ({"jwks_url": "https://login example.com/keys"}, "jwks_url"),
        ({"revocation_endpoint": "/revoke"}, "revocation_endpoint"),
        ({"cli_client_id": ""}, "cli_client_id: ''"),
        ({"browser_client_secret_arn": "s3cr3t"}, "browser_client_secret_arn: 's3cr3t'"),
        ({"audiences": []}, "audiences: []"),
        ({"audiences": [""]}, "audiences: ['']"),
        ({"audiences": [str(number) for number in range(11)]}, "audiences"),
        ({"audience_format": "list"}, "audience_format: 'list'"),
        ({"scopes": ["email"]}, "scopes: ['email']"),
    ],
)
def test_what_cannot_be_is_refused_by_key_and_value(deploy: Deploy, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        deployed(deploy, **changes)
