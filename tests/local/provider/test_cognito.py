"""User pools with their clients, sign-in hosts, providers and groups."""

from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
DOMAIN = "aws:cognito/userPoolDomain:UserPoolDomain"
PROVIDER = "aws:cognito/identityProvider:IdentityProvider"
GROUP = "aws:cognito/userGroup:UserGroup"

INVITED_BY_EMAIL: dict[str, Any] = {
    "userPoolTier": "PLUS",
    "deletionProtection": "INACTIVE",
    "adminCreateUserConfig": {"allowAdminCreateUserOnly": True},
    "usernameAttributes": ["email"],
    "autoVerifiedAttributes": ["email"],
    "schemas": [
        {
            "name": "email",
            "attributeDataType": "String",
            "required": True,
            "mutable": True,
            "stringAttributeConstraints": {"minLength": "0", "maxLength": "2048"},
        }
    ],
    "passwordPolicy": {
        "minimumLength": 12,
        "requireLowercase": True,
        "requireUppercase": True,
        "requireNumbers": True,
        "requireSymbols": True,
        "temporaryPasswordValidityDays": 3,
    },
    "accountRecoverySetting": {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]},
    "userPoolAddOns": {"advancedSecurityMode": "ENFORCED"},
}
CODE: dict[str, Any] = {
    "allowedOauthFlowsUserPoolClient": True,
    "allowedOauthFlows": ["code"],
    "allowedOauthScopes": ["openid", "email"],
    "callbackUrls": ["http://localhost:8080/callback", "http://127.0.0.1:8080/callback"],
    "supportedIdentityProviders": ["COGNITO"],
    "explicitAuthFlows": ["ALLOW_CUSTOM_AUTH"],
}
OKTA: dict[str, Any] = {
    "providerName": "Okta",
    "providerType": "OIDC",
    "attributeMapping": {"email": "email"},
    "providerDetails": {
        "oidc_issuer": "https://okta.example.com",
        "client_id": "gateway",
        "client_secret": "hush",
        "authorize_scopes": "openid email",
        "attributes_request_method": "GET",
    },
}


@pytest.fixture
def pool(program: Program) -> Made:
    return program.declare(POOL)


def test_a_pool_is_there_as_declared_changes_in_place_and_leaves_nothing(program: Program) -> None:
    pool = program.declare(POOL, **INVITED_BY_EMAIL, tags={"for": "people"})

    there = program.client("cognito-idp").describe_user_pool(UserPoolId=pool.id)["UserPool"]
    assert there["Name"] == pool["name"]
    assert there["UserPoolTags"] == {"owner": "platform", "for": "people"}
    assert pool["endpoint"] == f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    new = {**INVITED_BY_EMAIL, "userPoolAddOns": {"advancedSecurityMode": "AUDIT"}, "mfaConfiguration": "OPTIONAL"}
    new["softwareTokenMfaConfiguration"] = {"enabled": True}
    changed = dict.fromkeys(["userPoolAddOns", "mfaConfiguration", "softwareTokenMfaConfiguration", "tags"])
    pool = lives_and_changes(program, pool, changed, **new)
    leaves_nothing(program, pool)
    assert program.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"] == []
    assert not program.aws.store.kinds()


@pytest.mark.parametrize("change", [{"name": "another"}, {"usernameAttributes": ["phone_number"]}])
def test_another_name_or_way_to_sign_in_is_another_pool(program: Program, change: dict[str, Any]) -> None:
    pool = program.declare(POOL, name="people", usernameAttributes=["email"])

    assert program.plan(pool, **{"name": "people", "usernameAttributes": ["email"], **change}) == dict.fromkeys(
        change, True
    )


def test_attributes_of_people_can_be_added_and_not_taken_away(program: Program) -> None:
    team = {"name": "team", "attributeDataType": "String", "mutable": True}
    pool = program.declare(POOL, schemas=INVITED_BY_EMAIL["schemas"])

    pool = lives_and_changes(program, pool, {"schemas": None}, schemas=[*INVITED_BY_EMAIL["schemas"], team])

    with pytest.raises(Refused, match="cannot modify or remove schema items"):
        program.change(pool, schemas=[team])


def test_a_protected_pool_is_deleted_only_once_the_protection_is_off(program: Program) -> None:
    pool = program.declare(POOL, deletionProtection="ACTIVE")

    with pytest.raises(Refused, match="Deletion protection must be inactivated first"):
        program.remove(pool)
    leaves_nothing(program, program.change(pool))


def test_what_is_changed_by_hand_shows(program: Program) -> None:
    pool = program.declare(POOL, **INVITED_BY_EMAIL)
    client = program.declare(CLIENT, userPoolId=pool.id, **CODE)
    cognito = program.client("cognito-idp")
    cognito.update_user_pool(UserPoolId=pool.id, DeletionProtection="ACTIVE", UserPoolTier="PLUS")
    cognito.update_user_pool_client(UserPoolId=pool.id, ClientId=client.id, CallbackURLs=["https://evil.example.com"])

    assert program.drift(pool)["deletionProtection"] == "ACTIVE"
    assert program.drift(client) == {"callbackUrls": ["https://evil.example.com"]}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"userPoolTier": "GOLD"}, "Member must satisfy enum value set"),
        ({"userPoolAddOns": {"advancedSecurityMode": "ENFORCED"}}, "FeatureUnavailableInTierException.*needs PLUS"),
        (
            {"userPoolTier": "LITE", "signInPolicy": {"allowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
            "ESSENTIALS",
        ),
        ({"passwordPolicy": {"minimumLength": 5}}, "greater than or equal to 6"),
        ({"aliasAttributes": ["email"], "usernameAttributes": ["email"]}, "conflicts"),
        ({"mfaConfiguration": "ON"}, "SoftwareTokenMfaConfiguration"),
        ({"lambdaConfig": {"preSignUp": "arn:aws:lambda:us-east-1:1:function:f"}}, "lambdaConfig: not supported"),
        ({"colour": "red"}, "Invalid or unknown key"),
    ],
)
def test_a_pool_that_aws_would_refuse_is_refused(program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(POOL, **bad)


def test_a_client_changes_in_place_and_keeps_its_secret(program: Program, pool: Made) -> None:
    given = {"userPoolId": pool.id, "generateSecret": True, **CODE}
    client = program.declare(CLIENT, **given)

    new = {**given, "callbackUrls": ["https://api.example.com/callback"], "accessTokenValidity": 2}
    after = lives_and_changes(program, client, {"callbackUrls": None, "accessTokenValidity": None}, **new)

    assert len(client["clientSecret"]) > 20
    assert after["clientSecret"] == client["clientSecret"]
    assert program.plan(client, **{**given, "generateSecret": False})["generateSecret"]
    leaves_nothing(program, after)


def test_a_client_that_was_made_by_hand_can_be_adopted(program: Program, pool: Made) -> None:
    made = program.declare(CLIENT, userPoolId=pool.id, **CODE)

    adopted = Made(CLIENT, f"{pool.id}/{made.id}", made.inputs, {})

    assert_as_declared(program, program.change(adopted, userPoolId=pool.id, **CODE))
    leaves_nothing(program, adopted)


def test_a_public_client_has_no_secret_and_may_rotate_refresh_tokens(program: Program, pool: Made) -> None:
    rotation = {"feature": "ENABLED", "retryGracePeriodSeconds": 60}

    client = program.declare(CLIENT, userPoolId=pool.id, **CODE, refreshTokenRotation=rotation)

    assert client["clientSecret"] == ""
    assert_as_declared(program, client)
    assert program.change(client, userPoolId=pool.id, **CODE)["refreshTokenRotation"]["feature"] == "DISABLED"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"callbackUrls": ["http://api.example.com/callback"]}, "only loopback addresses may use http"),
        ({"callbackUrls": ["/callback"]}, "must be absolute"),
        ({"callbackUrls": ["https://api.example.com/#here"]}, "no fragment"),
        ({"logoutUrls": ["http://api.example.com/"]}, "only loopback"),
        ({"callbackUrls": []}, "CallbackURLs are required"),
        ({"allowedOauthFlows": ["magic"]}, "enum value set"),
        ({"allowedOauthScopes": ["bedrock/invoke"]}, "ScopeDoesNotExistException.*bedrock/invoke"),
        ({"allowedOauthScopes": []}, "InvalidOAuthFlowException"),
        ({"allowedOauthFlows": ["client_credentials"]}, "needs a client secret"),
        ({"supportedIdentityProviders": ["Okta"]}, "The provider Okta does not exist"),
        ({"defaultRedirectUri": "https://elsewhere.example.com"}, "must be in the list of CallbackURLs"),
        ({"explicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"]}, "cannot be used together"),
        ({"accessTokenValidity": 25}, "Invalid range for token validity"),
        ({"refreshTokenValidity": 30, "tokenValidityUnits": {"refreshToken": "minutes"}}, "Invalid range"),
        (
            {"refreshTokenRotation": {"feature": "ENABLED"}, "explicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]},
            "rotation",
        ),
        ({"userPoolId": "us-east-1_nobody"}, "does not exist"),
        ({"analyticsConfiguration": {"applicationId": "a"}}, "analyticsConfiguration: not supported"),
    ],
)
def test_a_client_that_aws_would_refuse_is_refused(program: Program, pool: Made, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(CLIENT, **{"userPoolId": pool.id, **CODE, **bad})
    assert program.client("cognito-idp").list_user_pool_clients(UserPoolId=pool.id)["UserPoolClients"] == []


def test_a_client_signs_in_at_a_provider_of_its_pool(program: Program, pool: Made) -> None:
    provider = program.declare(PROVIDER, userPoolId=pool.id, **OKTA)
    client = program.declare(CLIENT, userPoolId=pool.id, **{**CODE, "supportedIdentityProviders": ["Okta"]})

    assert_as_declared(program, client)
    new = {**OKTA, "attributeMapping": {"email": "mail"}}
    provider = lives_and_changes(program, provider, {"attributeMapping": None}, userPoolId=pool.id, **new)
    leaves_nothing(program, provider)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            {"providerDetails": {"client_id": "gateway"}},
            "attributes_request_method, authorize_scopes, oidc_issuer are required",
        ),
        ({"providerDetails": {**OKTA["providerDetails"], "oidc_issuer": "http://okta"}}, "not a valid https URL"),
        ({"providerType": "LDAP"}, "enum value set"),
        ({"userPoolId": "us-east-1_nobody"}, "does not exist"),
    ],
)
def test_a_provider_that_aws_would_refuse_is_refused(
    program: Program, pool: Made, bad: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(PROVIDER, **{"userPoolId": pool.id, **OKTA, **bad})


def test_two_providers_of_one_pool_have_two_names(program: Program, pool: Made) -> None:
    program.declare(PROVIDER, userPoolId=pool.id, **OKTA)

    with pytest.raises(Refused, match="DuplicateProviderException"):
        program.declare(PROVIDER, userPoolId=pool.id, **OKTA)


def test_a_group_changes_in_place_and_leaves_nothing(program: Program, pool: Made) -> None:
    group = program.declare(GROUP, userPoolId=pool.id, name="admins", description="May do more", precedence=2)

    new = {"userPoolId": pool.id, "name": "admins", "description": "May do most", "precedence": 1}
    leaves_nothing(program, lives_and_changes(program, group, {"description": None, "precedence": None}, **new))


def test_two_groups_of_one_pool_have_two_names(program: Program, pool: Made) -> None:
    program.declare(GROUP, userPoolId=pool.id, name="admins")

    with pytest.raises(Refused, match="GroupExistsException"):
        program.declare(GROUP, userPoolId=pool.id, name="admins")


def test_a_sign_in_host_is_there_and_leaves_nothing(program: Program, pool: Made) -> None:
    domain = program.declare(DOMAIN, userPoolId=pool.id, domain="gateway-1a2b3c")

    domain = lives_and_changes(
        program,
        domain,
        {"managedLoginVersion": None},
        userPoolId=pool.id,
        domain="gateway-1a2b3c",
        managedLoginVersion=2,
    )
    assert program.plan(domain, userPoolId=pool.id, domain="another", managedLoginVersion=2) == {"domain": True}
    with pytest.raises(Refused, match="has a domain configured that should be deleted first"):
        program.remove(pool)
    leaves_nothing(program, domain)


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("my-aws-gateway", "Domain cannot contain reserved word: aws"),
        ("amazonas", "reserved word: amazon"),
        ("cognito", "reserved word: cognito"),
        ("Gateway", "regular expression pattern"),
        ("taken", "Domain already associated with another user pool"),
    ],
)
def test_a_sign_in_host_that_aws_would_refuse_is_refused(program: Program, pool: Made, domain: str, why: str) -> None:
    program.declare(DOMAIN, userPoolId=program.declare(POOL).id, domain="taken")

    with pytest.raises(Refused, match=why):
        program.declare(DOMAIN, userPoolId=pool.id, domain=domain)


def test_a_pool_has_one_sign_in_host(program: Program, pool: Made) -> None:
    program.declare(DOMAIN, userPoolId=pool.id, domain="first")

    with pytest.raises(Refused, match="User pool already has a domain configured"):
        program.declare(DOMAIN, userPoolId=pool.id, domain="second")


def test_managed_login_is_not_part_of_the_smallest_plan(program: Program) -> None:
    pool = program.declare(POOL, userPoolTier="LITE")

    with pytest.raises(Refused, match="Managed login is not available in the LITE feature plan"):
        program.declare(DOMAIN, userPoolId=pool.id, domain="gateway-1a2b3c", managedLoginVersion=2)
