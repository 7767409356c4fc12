"""A user pool that lets in who was invited, from where it was told to, and shows its secrets to nobody."""

import json
import re
from typing import Any, cast

import pulumi
import pytest

from opencode_components.cognito_identity import CognitoIdentity, CognitoIdentityArgs
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure

SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:okta-a1b2c3"
CALLBACK = "https://api.example.com/oauth2/idpresponse"
FEDERATION: dict[str, Any] = {
    "federation_name": "okta",
    "federation_issuer": "https://example.okta.com",
    "federation_client_id": "0oa1b2c3",
    "federation_secret_arn": SECRET_ARN,
}
POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
GROUP = "aws:cognito/userGroup:UserGroup"
SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
STACK = "aws:cloudformation/stack:Stack"


def args(**changes: Any) -> CognitoIdentityArgs:
    given = {
        "region": "eu-west-1",
        "domain_prefix": "gateway-dev-123456789012",
        "tier": "ESSENTIALS",
        "threat_protection": "OFF",
        "browser_callback_urls": [CALLBACK],
        "browser_logout_urls": ["https://api.example.com/"],
        **changes,
    }
    return cast(CognitoIdentityArgs, given)


def deployed(deploy: Deploy, **changes: Any) -> Graph:
    def program() -> None:
        identity = CognitoIdentity("dev", args(**changes))
        for output in CognitoIdentity.__annotations__:
            pulumi.export(output, getattr(identity, output))

    return deploy(program)


def client(graph: Graph, name: str) -> Resource:
    return graph.one(CLIENT, f"dev-{name}")


def test_nobody_signs_up_by_themselves_and_people_get_back_in_by_email(deploy: Deploy) -> None:
    pool = deployed(deploy).one(POOL).inputs

    assert pool["adminCreateUserConfig"] == {"allowAdminCreateUserOnly": True}
    assert pool["usernameAttributes"] == pool["autoVerifiedAttributes"] == ["email"]
    assert pool["accountRecoverySetting"] == {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]}
    assert pool["passwordPolicy"]["minimumLength"] >= 12
    assert all(pool["passwordPolicy"][f"require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))


@pytest.mark.parametrize("is_protected", [True, False])
def test_protection_covers_the_pool_and_the_time_to_bring_the_secret_back(deploy: Deploy, is_protected: bool) -> None:
    graph = deployed(deploy, deletion_protection=is_protected)

    assert graph.one(POOL).inputs["deletionProtection"] == ("ACTIVE" if is_protected else "INACTIVE")
    assert graph.one(POOL).protect is is_protected
    assert graph.one(SECRET).inputs["recoveryWindowInDays"] == (7 if is_protected else 0)


@pytest.mark.parametrize("tier", ["LITE", "ESSENTIALS", "PLUS"])
def test_the_plan_is_named_and_protection_is_asked_for_only_where_it_is_included(deploy: Deploy, tier: str) -> None:
    pool = deployed(deploy, tier=tier, threat_protection="ENFORCED" if tier == "PLUS" else "OFF").one(POOL).inputs

    assert pool["userPoolTier"] == tier
    assert pool.get("userPoolAddOns") == ({"advancedSecurityMode": "ENFORCED"} if tier == "PLUS" else None)


def test_the_command_lines_client_is_public_and_comes_back_only_to_loopback(deploy: Deploy) -> None:
    cli = client(deployed(deploy, cli_callback_ports=[8080, 19876.0]), "cli").inputs

    assert cli["generateSecret"] is False
    assert cli["callbackUrls"] == [
        "http://localhost:8080/callback",
        "http://127.0.0.1:8080/callback",
        "http://localhost:19876/callback",
        "http://127.0.0.1:19876/callback",
    ]
    assert cli["allowedOauthFlows"] == ["code"]
    assert cli["refreshTokenRotation"] == {"feature": "ENABLED", "retryGracePeriodSeconds": 60}
    assert "ALLOW_REFRESH_TOKEN_AUTH" not in cli["explicitAuthFlows"], "Cognito refuses it beside rotation"


def test_refresh_tokens_rotate_only_where_the_plan_includes_it(deploy: Deploy) -> None:
    cli = client(deployed(deploy, tier="LITE"), "cli").inputs

    assert "refreshTokenRotation" not in cli
    assert cli["explicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]


def test_the_browsers_client_has_a_secret_and_never_comes_back_to_loopback(deploy: Deploy) -> None:
    browser = client(deployed(deploy), "browser").inputs

    assert browser["generateSecret"] is True
    assert browser["callbackUrls"] == [CALLBACK]
    assert browser["logoutUrls"] == ["https://api.example.com/"]
    assert browser["allowedOauthFlows"] == ["code"]


@pytest.mark.parametrize("name", ["cli", "browser"])
def test_both_clients_issue_short_tokens_that_can_be_revoked_and_tell_nobody_who_exists(
    deploy: Deploy, name: str
) -> None:
    inputs = client(deployed(deploy), name).inputs

    assert inputs["tokenValidityUnits"] == dict.fromkeys(("accessToken", "idToken", "refreshToken"), "hours")
    assert (inputs["accessTokenValidity"], inputs["idTokenValidity"], inputs["refreshTokenValidity"]) == (1, 1, 12)
    assert inputs["enableTokenRevocation"] is True
    assert inputs["preventUserExistenceErrors"] == "ENABLED"
    assert inputs["supportedIdentityProviders"] == ["COGNITO"]


def test_the_browsers_secret_is_stored_as_json_and_leaves_only_as_an_arn(deploy: Deploy) -> None:
    graph = deployed(deploy)
    stored = graph.one(VERSION)
    browser = client(graph, "browser")

    assert json.loads(stored.inputs["secretString"]) == {
        "client_id": browser.id,
        "client_secret": browser.outputs["clientSecret"],
    }
    assert "secretString" in stored.secret_inputs
    assert graph.outputs["browser_client_secret_arn"] == graph.one(SECRET).outputs["arn"]
    assert browser.outputs["clientSecret"] not in json.dumps(dict(graph.outputs))


def test_groups_are_created_under_the_names_that_tokens_carry(deploy: Deploy) -> None:
    graph = deployed(deploy, groups=["admins", "developers"])

    assert {group.inputs["name"] for group in graph.all(GROUP)} == {"admins", "developers"}


def test_the_endpoints_are_those_of_the_pool_and_its_domain(deploy: Deploy) -> None:
    graph = deployed(deploy)
    pool = f"https://cognito-idp.eu-west-1.amazonaws.com/{graph.one(POOL).id}"
    host = "https://gateway-dev-123456789012.auth.eu-west-1.amazoncognito.com"

    assert graph.outputs["issuer"] == pool
    assert graph.outputs["jwks_url"] == f"{pool}/.well-known/jwks.json"
    assert graph.outputs["authorization_endpoint"] == f"{host}/oauth2/authorize"
    assert graph.outputs["token_endpoint"] == f"{host}/oauth2/token"
    assert graph.outputs["userinfo_endpoint"] == f"{host}/oauth2/userInfo"
    assert graph.outputs["revocation_endpoint"] == f"{host}/oauth2/revoke"
    assert graph.outputs["end_session_endpoint"] == f"{host}/logout"
    assert graph.outputs.get("device_authorization_endpoint") is None


def test_tokens_are_told_apart_as_cognito_writes_them(deploy: Deploy) -> None:
    graph = deployed(deploy)

    assert graph.outputs["audiences"] == [client(graph, "cli").id, client(graph, "browser").id]
    assert graph.outputs["audience_claim"] == "client_id"
    assert graph.outputs["audience_format"] == "single-string"
    assert graph.outputs["token_uses"] == ["access"]
    assert graph.outputs["groups_claim"] == "cognito:groups"


def test_with_federation_both_clients_wait_for_the_provider_and_allow_no_other(deploy: Deploy) -> None:
    graph = deployed(deploy, **FEDERATION)

    for name in ("cli", "browser"):
        assert client(graph, name).inputs["supportedIdentityProviders"] == ["okta"]
        assert graph.one(STACK).urn in client(graph, name).dependencies


def test_the_providers_secret_is_a_reference_that_only_cloudformation_resolves(deploy: Deploy) -> None:
    graph = deployed(deploy, **FEDERATION)
    template = json.loads(graph.one(STACK).inputs["templateBody"])

    ((_, provider),) = template["Resources"].items()
    details = provider["Properties"]["ProviderDetails"]
    assert provider["Type"] == "AWS::Cognito::UserPoolIdentityProvider"
    assert provider["Properties"]["UserPoolId"] == graph.one(POOL).id
    assert details["client_secret"] == f"{{{{resolve:secretsmanager:{SECRET_ARN}:SecretString:client_secret}}}}"
    assert details["oidc_issuer"] == FEDERATION["federation_issuer"]
    assert provider["Properties"]["AttributeMapping"] == {
        "email": "email",
        "email_verified": "email_verified",
        "given_name": "given_name",
        "family_name": "family_name",
        "username": "sub",
    }


@pytest.mark.parametrize("changes", [{}, FEDERATION], ids=["own people", "federated"])
def test_every_security_rule_holds_and_no_secret_is_in_plain_text(deploy: Deploy, changes: dict[str, Any]) -> None:
    assert_secure(deployed(deploy, **changes))


def test_a_rotated_secret_changes_the_template_by_its_version(deploy: Deploy) -> None:
    graph = deployed(deploy, **FEDERATION, federation_secret_version_id="a1b2-c3d4")

    assert ":SecretString:client_secret::a1b2-c3d4}}" in graph.one(STACK).inputs["templateBody"]


def test_values_of_other_resources_are_checked_when_they_are_known(deploy: Deploy) -> None:
    with pytest.raises(ValueError, match=r"domain_prefix: 'my-cognito'"):
        deployed(deploy, domain_prefix=pulumi.Output.from_input("my-cognito"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tier": "PREMIUM"}, "tier: 'PREMIUM'"),
        ({"threat_protection": "FULL"}, "threat_protection: 'FULL'"),
        ({"threat_protection": "AUDIT"}, "is not part of the plan ESSENTIALS"),
        ({"tier": "LITE", "threat_protection": "ENFORCED"}, "is not part of the plan LITE"),
        ({"domain_prefix": "Dev"}, "domain_prefix: 'Dev'"),
        ({"domain_prefix": "-dev"}, "domain_prefix: '-dev'"),
        ({"domain_prefix": "x" * 64}, "domain_prefix"),
        ({"domain_prefix": ""}, "domain_prefix: ''"),
        ({"domain_prefix": "my-aws-gateway"}, "holds 'aws'"),
        ({"browser_callback_urls": []}, "browser_callback_urls"),
        (
            {"browser_callback_urls": ["http://api.example.com/cb"]},
            "browser_callback_urls: 'http://api.example.com/cb'",
        ),
        ({"browser_callback_urls": ["https://localhost:8080/callback"]}, "the person's own machine"),
        ({"browser_callback_urls": ["https://127.0.0.1/callback"]}, "the person's own machine"),
        ({"browser_callback_urls": ["https://[::1]/callback"]}, "the person's own machine"),
        ({"browser_callback_urls": ["https://dev.localhost/callback"]}, "the person's own machine"),
        ({"browser_logout_urls": ["https://LOCALHOST/"]}, "browser_logout_urls"),
        ({"cli_callback_ports": []}, "cli_callback_ports"),
        ({"cli_callback_ports": [80]}, "cli_callback_ports: [80]"),
        ({"cli_callback_ports": [8080, 8080]}, "cli_callback_ports"),
        ({"cli_callback_ports": [8080.5]}, "cli_callback_ports"),
        ({"groups": ["admins", "admins"]}, "groups: 'admins'"),
        ({"groups": ["the admins"]}, "groups: 'the admins'"),
        ({"federation_name": "okta"}, "needs federation_client_id"),
        ({"federation_issuer": "https://example.okta.com"}, "federation_name"),
        ({"federation_scopes": ["openid"]}, "needs federation_client_id"),
        ({**FEDERATION, "federation_name": "Google"}, "federation_name: 'Google'"),
        ({**FEDERATION, "federation_issuer": "http://example.okta.com"}, "federation_issuer"),
        ({**FEDERATION, "federation_secret_arn": "okta-secret"}, "federation_secret_arn: 'okta-secret'"),
        ({**FEDERATION, "federation_client_id": " "}, "federation_client_id: ' '"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_is_refused_by_key_and_value(deploy: Deploy, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        deployed(deploy, **changes)
