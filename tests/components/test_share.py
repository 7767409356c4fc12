"""The sharing host as it would be deployed: who gets to which function, and what is kept how long."""

from typing import Any

import pytest

from opencode_components.listener_rules import PRIORITIES
from opencode_components.share import Share, ShareArgs
from opencode_components.testing.graph import Graph
from opencode_components.testing.listener_rules import rules_of
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure
from share_sessions import snapshots
from tests.components.served_host_program import (
    BALANCER,
    COGNITO,
    GATEWAY,
    ISSUER,
    OIDC,
    REFUSED,
    RULE,
    SECRET,
    SIGN_IN,
    Way,
    keeping,
    ways,
)
from tests.components.share_program import API, HOST, ID, LIVE, TABLE, VIEW, function, share

WAIVED = {"table-recovery@dev-shares": "deleting a share deletes it, and recovery would bring it back for 35 days"}


@pytest.fixture(scope="module")
def cognito(deploy: Deploy) -> Graph:
    return deploy(share(**COGNITO, admin_groups=["admins", "site leads"], redaction="mask"))


@pytest.fixture(scope="module")
def oidc(deploy: Deploy) -> Graph:
    client = {"client_id": "gateway-browser", "client_secret": SECRET}
    changes = {"deletion_protection": False, "default_expiry_hours": 24.0}
    return deploy(share(**OIDC, **changes), engine=keeping(client))


REQUESTS: tuple[Way, ...] = (
    ("POST", "/api/share", HOST, API, API),
    ("POST", f"/api/share/{ID}/sync", HOST, API, API),
    ("DELETE", f"/api/share/{ID}", HOST, API, API),
    ("GET", f"/api/share/{ID}/data", HOST, API, API),
    ("PATCH", f"/api/shares/{ID}", HOST, API, API),
    ("GET", "/api/shares", HOST, API, API),
    ("GET", f"/share/{ID}", HOST, VIEW, VIEW),
    ("HEAD", f"/share/{ID}", HOST, VIEW, VIEW),
    ("GET", f"/share/{ID}/state", HOST, VIEW, VIEW),
    ("GET", "/share-assets/share.0123abcd.css", HOST, VIEW, VIEW),
    ("GET", f"/sign-in/{ID}", HOST, SIGN_IN, VIEW),
    ("POST", f"/share/{ID}", HOST, REFUSED, REFUSED),
    ("POST", f"/sign-in/{ID}", HOST, REFUSED, REFUSED),
    ("HEAD", f"/sign-in/{ID}", HOST, REFUSED, REFUSED),
    ("DELETE", f"/share/{ID}", HOST, REFUSED, REFUSED),
    ("GET", "/", HOST, REFUSED, REFUSED),
    ("GET", "/api", HOST, REFUSED, REFUSED),
    ("GET", "/API/share", HOST, REFUSED, REFUSED),
    ("GET", "/share", HOST, REFUSED, REFUSED),
    ("GET", f"/x/share/{ID}", HOST, REFUSED, REFUSED),
    ("GET", f"/share/{ID}", GATEWAY, REFUSED, REFUSED),
    ("POST", "/api/share", GATEWAY, REFUSED, REFUSED),
    ("POST", "/api/share", f"x.{HOST}", REFUSED, REFUSED),
    ("GET", f"/share/{ID}", "203.0.113.7", REFUSED, REFUSED),
)


@pytest.mark.parametrize("provider", ["cognito", "oidc"])
def test_a_link_shows_the_page_without_a_session_and_only_the_way_to_sign_in_demands_one(
    provider: str, request: pytest.FixtureRequest
) -> None:
    graph = request.getfixturevalue(provider)

    assert ways(graph, REQUESTS) == [*REQUESTS]
    assert len(graph.all(RULE)) == 3


def test_every_rule_is_bound_to_the_host_and_keeps_to_its_own_priorities(cognito: Graph) -> None:
    rules = rules_of(cognito, cognito.one("aws:lb/listener:Listener"))

    assert [rule.inputs["priority"] for rule in rules] == [3000, 3010, 3020]
    assert all({"hostHeader": {"values": [HOST]}} in rule.inputs["conditions"] for rule in rules)
    assert all(rule.inputs["priority"] in PRIORITIES["sharing"] for rule in rules)


@pytest.mark.parametrize("provider", ["cognito", "oidc"])
def test_both_ways_to_the_page_share_one_session_under_a_cookie_of_its_own(
    provider: str, request: pytest.FixtureRequest
) -> None:
    graph = request.getfixturevalue(provider)
    settings = [
        graph.one(RULE, f"dev-shares-{suffix}").inputs["actions"][0][f"authenticate{provider.capitalize()}"]
        for suffix in (VIEW, "sign-in")
    ]

    assert [each.pop("onUnauthenticatedRequest") for each in settings] == ["allow", "authenticate"]
    assert settings[0] == settings[1]
    assert (settings[0]["sessionCookieName"], settings[0]["sessionTimeout"]) == ("opencode-sharing", 12 * 3600)


def test_another_providers_client_secret_is_encrypted_in_the_state_and_plain_nowhere(oidc: Graph) -> None:
    rules = [oidc.one(RULE, f"dev-shares-{suffix}") for suffix in (VIEW, "sign-in")]

    for rule in rules:
        assert any("actions[0].authenticateOidc.clientSecret".startswith(hidden) for hidden in rule.secret_inputs)
    elsewhere = [resource for resource in oidc if resource not in rules]
    assert SECRET not in repr([oidc.outputs, *((each.inputs, each.outputs) for each in elsewhere)])


def test_the_functions_are_told_what_they_read_of_their_environment(cognito: Graph, oidc: Graph) -> None:
    origin = cognito.one("aws:apigatewayv2/api:Api").outputs["apiEndpoint"].removeprefix("wss://")
    known = {
        "TABLE": cognito.one(TABLE).outputs["name"],
        "BUCKET": cognito.one("aws:s3/bucket:Bucket").outputs["bucket"],
        "GATEWAY_URL": f"https://{GATEWAY}",
        "SHARING_URL": f"https://{HOST}",
        "ADMIN_GROUPS": "admins,site leads",
        "REDACTION": "mask",
        "LIVE_URL": f"wss://{origin}/live",
        "LIVE_ENDPOINT": f"https://{origin}/live",
    }
    page = {
        "SIGNER_ARN": BALANCER,
        "SIGNER_KEYS_URL": "https://public-keys.auth.elb.us-east-1.amazonaws.com",
        "CLIENT_ID": "gateway-browser",
        "ISSUER": ISSUER,
    }

    handlers = {API: "api", VIEW: "viewer", LIVE: "live"}
    for which, module in handlers.items():
        inputs = function(cognito, which).inputs
        assert inputs["environment"]["variables"] == known | (page if which == VIEW else {})
        assert inputs["handler"] == f"share_sessions.{module}.handler"
    unset = function(oidc, API).inputs["environment"]["variables"]
    assert (unset["ADMIN_GROUPS"], unset["REDACTION"], unset["DEFAULT_EXPIRY_HOURS"]) == ("", "warn", "24")


def test_whoever_folds_a_large_share_has_a_whole_processor_and_the_time(cognito: Graph) -> None:
    sizes = {
        which: [function(cognito, which).inputs[key] for key in ("memorySize", "timeout")]
        for which in (API, VIEW, LIVE)
    }

    assert sizes == {API: [1769, 30], VIEW: [1769, 30], LIVE: [256, 10]}


def test_shares_are_found_by_owner_expire_by_themselves_and_cannot_be_brought_back(cognito: Graph) -> None:
    inputs = cognito.one(TABLE).inputs
    (index,) = inputs["globalSecondaryIndexes"]

    assert (inputs["hashKey"], inputs["rangeKey"], inputs["billingMode"]) == ("share", "entry", "PAY_PER_REQUEST")
    assert {each["name"]: each["type"] for each in inputs["attributes"]} == dict.fromkeys(
        ("share", "entry", "owner", "created_at"), "S"
    )
    assert (index["name"], [key["attributeName"] for key in index["keySchemas"]]) == (
        "owner-index",
        ["owner", "created_at"],
    )
    assert (inputs["ttl"], inputs["pointInTimeRecovery"]) == (
        {"attributeName": "ttl", "enabled": True},
        {"enabled": False},
    )


def test_what_was_shared_leaves_the_bucket_by_itself_and_what_was_replaced_the_next_day(cognito: Graph) -> None:
    rules = cognito.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
    general, *tagged = rules

    assert (general["filter"]["prefix"], general["noncurrentVersionExpiration"]["noncurrentDays"]) == ("snapshots/", 1)
    assert general["expiration"]["days"] == 92
    assert {rule["status"] for rule in rules} == {"Enabled"}
    kept = {rule["filter"]["tag"]["value"]: rule["expiration"]["days"] for rule in tagged}
    assert kept == {str(days): days for days in snapshots.KEPT_DAYS}, "all that the function writes"
    assert {rule["filter"]["tag"]["key"] for rule in tagged} == {snapshots.KEPT_TAG}


def test_table_and_bucket_are_protected_unless_they_may_go(cognito: Graph, oidc: Graph) -> None:
    for graph, is_protected in ((cognito, True), (oidc, False)):
        table, bucket = graph.one(TABLE), graph.one("aws:s3/bucket:Bucket")
        assert [bool(table.protect), bool(bucket.protect)] == [is_protected] * 2
        assert (table.inputs["deletionProtectionEnabled"], bucket.inputs["forceDestroy"]) == (
            is_protected,
            not is_protected,
        )


@pytest.mark.parametrize("provider", ["cognito", "oidc"])
def test_sharing_breaks_no_security_rule_but_the_one_that_deleting_demands(
    provider: str, request: pytest.FixtureRequest
) -> None:
    graph = request.getfixturevalue(provider)
    with pytest.raises(AssertionError, match=r"^1 findings:\n\[table-recovery\]"):
        assert_secure(graph)

    assert_secure(graph, waive=WAIVED)


def test_the_host_has_an_address_and_the_outputs_name_what_answers(cognito: Graph) -> None:
    record, api = cognito.one("aws:route53/record:Record").inputs, cognito.one("aws:apigatewayv2/api:Api")
    suffixes = {
        f"{which}_target_group_arn_suffix": cognito.one(
            "aws:lb/targetGroup:TargetGroup", f"dev-shares-{which}"
        ).outputs["arnSuffix"]
        for which in (API, VIEW)
    }
    names = {f"{which}_function_name": function(cognito, which).outputs["name"] for which in (API, VIEW, LIVE)}

    assert (record["name"], record["type"], record["aliases"][0]["zoneId"]) == (HOST, "A", "Z35SXDOTRQ7X7K")
    assert cognito.outputs == {
        "url": f"https://{HOST}",
        "live_url": f"{api.outputs['apiEndpoint']}/live",
        "table_name": cognito.one(TABLE).outputs["name"],
        "bucket_name": cognito.one("aws:s3/bucket:Bucket").outputs["bucket"],
        **names,
        **suffixes,
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "user_pool_arn: .* is not one way to sign in, and that in full"),
        (
            {**COGNITO, "admin_groups": ["a,b"]},
            "admin_groups: 'a,b' is empty or has a comma; name each group by itself",
        ),
        ({**COGNITO, "admin_groups": [""]}, "admin_groups: '' is empty"),
        ({**COGNITO, "redaction": "on"}, "redaction: 'on' is not known; use one of off, warn, mask"),
        ({**COGNITO, "default_expiry_hours": 2161}, "default_expiry_hours: 2161 is no time .*; use 1 to 2160"),
        ({**COGNITO, "log_retention_days": 31}, "log_retention_days: 31 is not a retention of CloudWatch Logs"),
    ],
)
def test_what_cannot_be_is_refused_by_key_and_value(deploy: Deploy, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deploy(share(**changes))


def test_a_name_too_long_for_target_groups_is_refused(deploy: Deploy) -> None:
    def program() -> None:
        Share("production12-sessions", ShareArgs())  # type: ignore[typeddict-item]  # the name alone

    with pytest.raises(ValueError, match=r"name: 'production12-sessions' has 21 characters.*; use 19 at most"):
        deploy(program)
