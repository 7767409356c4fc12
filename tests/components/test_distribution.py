"""The download host as it would be deployed: who gets to which function, after what, and what each may do."""

import json
from typing import Any

import pytest

from opencode_components.browser_sign_in import signer_keys_url
from opencode_components.distribution import Distribution, DistributionArgs
from opencode_components.listener_rules import PRIORITIES
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam import evaluate
from opencode_components.testing.listener_rules import rules_of
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure
from tests.components.distribution_program import BUCKET, HOST, distribution
from tests.components.served_host_program import (
    BALANCER,
    COGNITO,
    FUNCTION,
    GATEWAY,
    ISSUER,
    OIDC,
    POOL,
    REFUSED,
    RULE,
    SECRET,
    SECRET_ARN,
    SIGN_IN,
    Way,
    keeping,
    ways,
)

CODE = "a" * 32
PUBLIC, PAGE = "public", "page"


@pytest.fixture(scope="module")
def cognito(deploy: Deploy) -> Graph:
    return deploy(distribution(**COGNITO, help_url="https://wiki.example.com/gateway"))


@pytest.fixture(scope="module")
def oidc(deploy: Deploy) -> Graph:
    return deploy(distribution(**OIDC), engine=keeping({"client_id": "gateway-browser", "client_secret": SECRET}))


def function(graph: Graph, which: str) -> Resource:
    return graph.one(FUNCTION, f"dev-site-{which}")


def role(graph: Graph, which: str) -> Resource:
    return graph.one("aws:iam/role:Role", f"dev-site-{which}")


def variables(graph: Graph, which: str) -> dict[str, str]:
    return dict(function(graph, which).inputs["environment"]["variables"])


REQUESTS: tuple[Way, ...] = (
    ("GET", "/version.json", HOST, PUBLIC, PUBLIC),
    ("HEAD", "/version.json", HOST, PUBLIC, PUBLIC),
    ("GET", f"/i/{CODE}", HOST, PUBLIC, PUBLIC),
    ("GET", f"/i/{CODE}/opencode-auth-1.2.3-linux-x86_64", HOST, PUBLIC, PUBLIC),
    ("POST", "/version.json", HOST, REFUSED, REFUSED),
    ("PUT", f"/i/{CODE}", HOST, REFUSED, REFUSED),
    ("GET", "/", HOST, SIGN_IN, PAGE),
    ("HEAD", "/", HOST, SIGN_IN, PAGE),
    ("GET", "/oauth2/idpresponse", HOST, SIGN_IN, PAGE),
    ("GET", "/download/opencode_auth-1.2.3-py3-none-any.whl", HOST, SIGN_IN, PAGE),
    ("GET", "/version.json/", HOST, SIGN_IN, PAGE),
    ("GET", "/Version.json", HOST, SIGN_IN, PAGE),
    ("GET", "/i", HOST, SIGN_IN, PAGE),
    ("GET", "/x/i/y", HOST, SIGN_IN, PAGE),
    ("POST", "/", HOST, REFUSED, REFUSED),
    ("DELETE", "/download/x", HOST, REFUSED, REFUSED),
    ("OPTIONS", "/", HOST, REFUSED, REFUSED),
    ("GET", "/version.json", GATEWAY, REFUSED, REFUSED),
    ("GET", "/", GATEWAY, REFUSED, REFUSED),
    ("GET", f"/i/{CODE}", f"x.{HOST}", REFUSED, REFUSED),
    ("GET", "/", "203.0.113.7", REFUSED, REFUSED),
)


@pytest.mark.parametrize("provider", ["cognito", "oidc"])
def test_there_are_two_ways_in_one_public_to_the_letter_and_one_after_a_sign_in_and_no_third(
    provider: str, request: pytest.FixtureRequest
) -> None:
    graph = request.getfixturevalue(provider)

    assert ways(graph, REQUESTS) == [*REQUESTS]
    assert len(graph.all(RULE)) == 2


def test_every_rule_is_bound_to_the_host_and_keeps_to_its_own_priorities(cognito: Graph) -> None:
    rules = rules_of(cognito, cognito.one("aws:lb/listener:Listener"))

    assert [rule.inputs["priority"] for rule in rules] == [2000, 2010]
    assert all({"hostHeader": {"values": [HOST]}} in rule.inputs["conditions"] for rule in rules)
    assert all(rule.inputs["priority"] in PRIORITIES["downloads"] for rule in rules)


def test_who_asks_in_masses_for_what_is_public_keeps_nobody_from_the_page(deploy: Deploy, cognito: Graph) -> None:
    """The page and the public paths share neither function, role, log nor reserved concurrency."""
    limited = deploy(distribution(**COGNITO, public_concurrency=5.0))

    for kind in (FUNCTION, "aws:iam/role:Role", "aws:lb/targetGroup:TargetGroup", "aws:cloudwatch/logGroup:LogGroup"):
        assert {found.name for found in cognito.all(kind)} == {"dev-site-public", "dev-site-page"}
    assert function(cognito, PUBLIC).inputs["role"] != function(cognito, PAGE).inputs["role"]
    assert not any("reservedConcurrentExecutions" in function(cognito, which).inputs for which in (PUBLIC, PAGE))
    assert function(limited, PUBLIC).inputs["reservedConcurrentExecutions"] == 5
    assert "reservedConcurrentExecutions" not in function(limited, PAGE).inputs


@pytest.mark.parametrize(("which", "other"), [(PUBLIC, PAGE), (PAGE, PUBLIC)])
def test_a_role_reads_releases_writes_its_own_log_and_may_do_one_thing_to_links(
    cognito: Graph, which: str, other: str
) -> None:
    def may(action: str, arn: str) -> bool:
        return evaluate(cognito, role(cognito, which), action, arn).allowed

    link, streams = f"{BUCKET}/links/ab12", "{}:log-stream:2026/11/21/[$LATEST]0"
    groups = {name: cognito.one("aws:cloudwatch/logGroup:LogGroup", f"dev-site-{name}") for name in (which, other)}
    own, foreign = (groups[name].outputs["arn"] for name in (which, other))

    assert may("s3:GetObject", f"{BUCKET}/releases/manifest.json")
    assert (may("s3:GetObject", link), may("s3:PutObject", link)) == (which == PUBLIC, which == PAGE)
    assert may("logs:PutLogEvents", streams.format(own))
    assert not may("logs:PutLogEvents", streams.format(foreign))
    assert not may("logs:CreateLogGroup", own)
    assert not may("s3:PutObject", f"{BUCKET}/releases/manifest.json")
    assert not any(may(action, BUCKET) for action in ("s3:ListBucket", "s3:DeleteBucket", "s3:GetBucketPolicy"))
    assert not may("s3:DeleteObject", link)
    assert not may("s3:GetObject", f"{BUCKET}-of-others/releases/x")


def test_no_policy_of_a_role_names_every_resource_or_a_family_of_actions(cognito: Graph) -> None:
    documents = [json.loads(policy.inputs["policy"]) for policy in cognito.all("aws:iam/rolePolicy:RolePolicy")]
    statements = [statement for document in documents for statement in document["Statement"]]

    assert len(documents) == 4
    assert all("*" not in action for statement in statements for action in statement["Action"])
    assert all(
        statement["Resource"].startswith(("arn:aws:s3:::dev-releases/", "arn:aws:logs:")) for statement in statements
    )


def test_only_the_functions_own_target_group_may_invoke_it_and_does_so_with_every_header(cognito: Graph) -> None:
    for which in (PUBLIC, PAGE):
        permission = cognito.one("aws:lambda/permission:Permission", f"dev-site-{which}").inputs
        target = cognito.one("aws:lb/targetGroup:TargetGroup", f"dev-site-{which}")

        assert permission["principal"] == "elasticloadbalancing.amazonaws.com"
        assert permission["sourceArn"] == target.outputs["arn"]
        assert permission["function"] == function(cognito, which).outputs["name"]
        assert (target.inputs["targetType"], target.inputs["lambdaMultiValueHeadersEnabled"]) == ("lambda", True)
        assert "healthCheck" not in target.inputs
    assert not cognito.all("aws:lambda/functionUrl:*")


def test_a_function_is_small_short_without_a_network_and_has_its_log_before_its_first_word(cognito: Graph) -> None:
    for which in (PUBLIC, PAGE):
        made, group = function(cognito, which), cognito.one("aws:cloudwatch/logGroup:LogGroup", f"dev-site-{which}")
        inputs = made.inputs

        assert (inputs["runtime"], inputs["architectures"]) == ("python3.13", ["arm64"])
        assert (inputs["memorySize"], inputs["timeout"]) == (256, 10)
        assert not {"vpcConfig", "tracingConfig", "layers"} & inputs.keys()
        assert inputs["loggingConfig"]["logGroup"] == group.outputs["name"]
        assert (group.inputs["retentionInDays"], group.urn in made.dependencies) == (30, True)
        granted = {policy.urn for policy in cognito.all("aws:iam/rolePolicy:RolePolicy", f"dev-site-{which}*")}
        assert granted <= made.dependencies, "it may do all that it has to before anybody asks it"


def test_the_functions_are_told_what_they_read_of_their_environment(cognito: Graph) -> None:
    public = {
        "BUCKET": "dev-releases",
        "RELEASE_KEYS": "first-key,second-key",
        "DOWNLOADS_URL": f"https://{HOST}",
        "GATEWAY_URL": f"https://{GATEWAY}",
    }

    assert variables(cognito, PUBLIC) == public
    assert function(cognito, PUBLIC).inputs["handler"] == "serve_downloads.public.handler"
    assert variables(cognito, PAGE) == public | {
        "SIGNER_ARN": BALANCER,
        "SIGNER_KEYS_URL": "https://public-keys.auth.elb.us-east-1.amazonaws.com",
        "CLIENT_ID": "gateway-browser",
        "ISSUER": ISSUER,
        "HELP_URL": "https://wiki.example.com/gateway",
    }
    assert function(cognito, PAGE).inputs["handler"] == "serve_downloads.pages.handler"


def test_keys_of_the_load_balancers_signatures_are_elsewhere_for_governments() -> None:
    assert signer_keys_url("us-gov-west-1") == (
        "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1"
    )


@pytest.mark.parametrize("provider", ["cognito", "oidc"])
def test_a_session_lasts_a_working_day_under_a_cookie_of_its_own_and_its_lack_means_sign_in(
    provider: str, request: pytest.FixtureRequest
) -> None:
    graph = request.getfixturevalue(provider)
    sign_in, forward = graph.one(RULE, "dev-site-page").inputs["actions"]
    settings = sign_in[f"authenticate{provider.capitalize()}"]

    assert (sign_in["type"], sign_in["order"], forward["order"]) == (f"authenticate-{provider}", 1, 2)
    assert settings["sessionTimeout"] == 12 * 3600
    assert settings["sessionCookieName"] == "opencode-downloads"
    assert settings["onUnauthenticatedRequest"] == "authenticate"
    assert settings["scope"] == "openid email profile"


def test_with_a_user_pool_no_secret_is_anywhere(cognito: Graph) -> None:
    (sign_in, _) = cognito.one(RULE, "dev-site-page").inputs["actions"]

    assert sign_in["authenticateCognito"]["userPoolArn"] == POOL
    assert sign_in["authenticateCognito"]["userPoolDomain"] == "opencode-dev"
    assert not any(resource.secret_inputs or resource.secret_outputs for resource in cognito)


def test_another_providers_client_secret_is_encrypted_in_the_state_and_plain_nowhere(oidc: Graph) -> None:
    rule = oidc.one(RULE, "dev-site-page")
    path = "actions[0].authenticateOidc.clientSecret"

    assert rule.inputs["actions"][0]["authenticateOidc"]["clientSecret"] == SECRET
    assert any(path.startswith(hidden) for hidden in rule.secret_inputs)
    assert not oidc.secret_outputs
    elsewhere = [resource for resource in oidc if resource is not rule]
    assert SECRET not in repr([oidc.outputs, *((each.inputs, each.outputs) for each in elsewhere)])


@pytest.mark.parametrize(
    "held",
    ["not json " + SECRET, {"secret": SECRET}, {"client_secret": ""}, [SECRET], {"client_secret": {"a": SECRET}}],
)
def test_a_secret_without_the_clients_secret_is_refused_without_repeating_it(deploy: Deploy, held: object) -> None:
    with pytest.raises(ValueError, match=f"client_secret_arn: '{SECRET_ARN}' holds no client_secret; give") as refusal:
        deploy(distribution(**OIDC), engine=keeping(held))

    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("provider", ["cognito", "oidc"])
def test_a_distribution_breaks_no_security_rule(provider: str, request: pytest.FixtureRequest) -> None:
    assert_secure(request.getfixturevalue(provider))


def test_the_host_has_an_address_and_the_outputs_name_what_answers(cognito: Graph) -> None:
    record = cognito.one("aws:route53/record:Record").inputs

    assert (record["name"], record["type"], record["zoneId"]) == (HOST, "A", "Z0123456789EXAMPLE")
    assert record["aliases"][0]["zoneId"] == "Z35SXDOTRQ7X7K"
    suffixes = {
        f"{which}_target_group_arn_suffix": cognito.one("aws:lb/targetGroup:TargetGroup", f"dev-site-{which}").outputs[
            "arnSuffix"
        ]
        for which in (PUBLIC, PAGE)
    }
    names = {f"{which}_function_name": function(cognito, which).outputs["name"] for which in (PUBLIC, PAGE)}
    assert cognito.outputs == {"url": f"https://{HOST}", **names, **suffixes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {},
            r"user_pool_arn: \[\] is not one way to sign in, and that in full; give user_pool_arn and user_pool_domain",
        ),
        ({**COGNITO, **OIDC}, "is not one way to sign in"),
        ({"user_pool_arn": POOL}, r"\['user_pool_arn'\] is not one way to sign in, and that in full"),
        ({**OIDC, "browser_client_secret_arn": None}, None),
        ({**COGNITO, "log_retention_days": 31}, "log_retention_days: 31 is not a retention of CloudWatch Logs"),
        ({**COGNITO, "public_concurrency": 0}, "reserved_concurrency: 0 cannot be reserved; use 1 to 1000"),
    ],
)
def test_what_cannot_be_is_refused_by_key_and_value(
    deploy: Deploy, changes: dict[str, Any], message: str | None
) -> None:
    given = {key: value for key, value in changes.items() if value is not None}

    with pytest.raises(ValueError, match=message or "is not one way to sign in, and that in full"):
        deploy(distribution(**given))


def test_a_name_too_long_for_target_groups_is_refused(deploy: Deploy) -> None:
    def program() -> None:
        Distribution("production12-website", DistributionArgs())  # type: ignore[typeddict-item]  # the name alone

    with pytest.raises(ValueError, match=r"name: 'production12-website' has 20 characters.*; use 17 at most"):
        deploy(program)
