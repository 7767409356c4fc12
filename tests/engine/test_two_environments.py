"""Environments side by side in one account, and what protection and retention keep."""

import json

import pytest

from opencode_local.provider.handlers.cloudformation import STACK_KIND
from tests.engine.leftovers import left_behind
from tests.engine.running import Cloud, Project, Stack, config_for

STAGE = "aws:apigatewayv2/stage:Stage"
PROVIDER_SECRET, CLIENT_SECRET = "okta-client", "okta-said-that-this-is-secret"


@pytest.fixture(scope="module")
def dev(project: Project, cloud: Cloud) -> Stack:
    stack = project.stack("dev", config_for("dev", cloud))
    stack.up()
    return stack


@pytest.fixture(scope="module")
def prod(project: Project, cloud: Cloud, dev: Stack) -> Stack:
    """Into the same account and region as dev, with the company's own provider behind the user pool."""
    secret = cloud.client("secretsmanager").create_secret(
        Name=PROVIDER_SECRET, SecretString=json.dumps({"client_secret": CLIENT_SECRET})
    )
    config = config_for("prod", cloud)
    config["opencode:cognito"]["federation"] = {
        "name": "okta",
        "issuer": "https://example.okta.com",
        "client_id": "0oa1b2c3d4",
        "secret_arn": secret["ARN"],
    }
    stack = project.stack("prod", config)
    stack.up()
    return stack


def test_the_providers_secret_goes_from_secrets_manager_to_cognito_past_state_and_template(
    prod: Stack, cloud: Cloud
) -> None:
    cognito = cloud.client("cognito-idp")
    pool = prod.outputs()["issuer"].rpartition("/")[2]
    provider = cognito.describe_identity_provider(UserPoolId=pool, ProviderName="okta")["IdentityProvider"]
    (stack,) = cloud.account.store("us-east-1").list(STACK_KIND).values()
    held = "".join(file.read_text() for file in prod.project.state.rglob("*.json*") if file.is_file())

    assert provider["ProviderDetails"]["client_secret"] == CLIENT_SECRET
    assert CLIENT_SECRET not in held
    assert CLIENT_SECRET not in json.dumps(stack, default=str)
    assert "{{resolve:secretsmanager:" in json.dumps(stack, default=str)


def test_a_second_environment_comes_up_beside_the_first_and_shares_nothing_with_it(dev: Stack, prod: Stack) -> None:
    one, other = dev.outputs(), prod.outputs()

    same = {name for name in one if one[name] == other[name]}
    assert same == {"load_balancer_zone_id"}, "AWS's own"
    assert not ids(dev) & ids(prod)


def ids(stack: Stack) -> set[str]:
    """A stage of an API is known by its name there alone."""
    return {
        resource["id"]
        for resource in stack.resources()
        if resource["type"].startswith("aws:") and not resource.get("external") and resource["type"] != STAGE
    }


def test_a_second_up_of_either_changes_nothing(dev: Stack, prod: Stack) -> None:
    assert dev.preview() == {}
    assert prod.preview() == {}


def test_protected_resources_refuse_to_be_destroyed_and_nothing_else_is_touched(prod: Stack) -> None:
    """The preview that comes first refuses; `--skip-preview` would leave it to each resource in turn."""
    before = ids(prod)

    refused = prod.pulumi("destroy", "--yes", check=False)

    assert refused.returncode
    assert "protected" in refused.stdout + refused.stderr
    assert ids(prod) == before


def test_once_protection_is_off_a_destroy_leaves_the_logs_that_retention_keeps_and_the_other_environment(
    dev: Stack, prod: Stack, cloud: Cloud
) -> None:
    """Last: it takes both away."""
    logs = prod.outputs()["router_log_group"]
    prod.change(lifecycle={"deletion_protection": False})
    prod.up()
    prod.destroy()
    healthy = dev.preview()
    dev.destroy()

    assert healthy == {}
    assert left_behind(cloud) == {"log groups": [logs], "secrets": [PROVIDER_SECRET]}
