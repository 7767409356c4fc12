"""Log groups, metric filters and resource policies."""

import json
from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

GROUP = "aws:cloudwatch/logGroup:LogGroup"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
POLICY = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
NAME = "/opencode/dev/router"


def statement(service: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "logs:PutLogEvents", "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


OWNER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
ERRORS: dict[str, Any] = {
    "pattern": "{ $.status = 500 }",
    "metricTransformation": {
        "name": "Errors",
        "namespace": "OpenCode/dev",
        "value": "1",
        "defaultValue": "0",
        "unit": "Count",
    },
}


@pytest.fixture
def group(program: Program) -> Made:
    return program.declare(GROUP, name=NAME)


def test_a_group_changes_in_place_and_leaves_nothing(program: Program) -> None:
    key = program.declare("aws:kms/key:Key", policy=document(OWNER, statement("logs.us-east-1.amazonaws.com")))
    group = program.declare(GROUP, name=NAME, retentionInDays=30, kmsKeyId=key["arn"], tags={"for": "router"})
    assert group["arn"] == f"arn:aws:logs:us-east-1:{program.aws.account_id}:log-group:{NAME}"

    changed = dict.fromkeys(["retentionInDays", "kmsKeyId", "tags"])
    group = lives_and_changes(program, group, changed, name=NAME, retentionInDays=90)

    there = program.client("logs").describe_log_groups()["logGroups"]
    assert [(found["logGroupName"], found["retentionInDays"]) for found in there] == [(NAME, 90)]
    assert program.plan(group, name="another", retentionInDays=90) == {"name": True}
    leaves_nothing(program, group)
    assert not program.aws.store.kinds()


def test_a_group_to_be_kept_outlives_its_program(program: Program) -> None:
    group = program.declare(GROUP, namePrefix=f"{NAME}-", skipDestroy=True)

    program.remove(group)

    assert group["name"].startswith(f"{NAME}-")
    assert program.is_there(group)


def test_a_protected_group_is_not_deleted(program: Program) -> None:
    group = program.declare(GROUP, name=NAME, deletionProtectionEnabled=True)

    with pytest.raises(Refused, match="has deletion protection enabled"):
        program.remove(group)
    leaves_nothing(program, program.change(group, name=NAME))


def test_a_retention_that_is_changed_by_hand_shows(program: Program) -> None:
    group = program.declare(GROUP, name=NAME, retentionInDays=30)
    program.client("logs").put_retention_policy(logGroupName=NAME, retentionInDays=1)

    assert program.drift(group) == {"retentionInDays": 1}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"retentionInDays": 31}, "retentionInDays: expected one of 0, 1, 3, 5, 7, 14"),
        ({"name": "router log"}, "regular expression pattern"),
        ({"name": NAME}, "already exists"),
        ({"logGroupClass": "COLD"}, "enum value set"),
        ({"kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"}, "does not exist"),
    ],
)
def test_a_group_that_aws_would_refuse_is_refused(program: Program, group: Made, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(GROUP, **bad)


def test_a_key_must_let_the_service_use_it(program: Program) -> None:
    key = program.declare("aws:kms/key:Key")

    with pytest.raises(Refused, match=r"is not allowed to be used with arn:aws:logs:.*:log-group:/opencode/dev/router"):
        program.declare(GROUP, name=NAME, kmsKeyId=key["arn"])


def test_a_filter_changes_in_place_and_leaves_nothing(program: Program, group: Made) -> None:
    made = program.declare(FILTER, logGroupName=group["name"], name="errors", **ERRORS)

    doubled = {**ERRORS["metricTransformation"], "value": "2"}
    new = {"logGroupName": NAME, "name": "errors", "pattern": "{ $.status = 5* }", "metricTransformation": doubled}
    made = lives_and_changes(program, made, {"pattern": None, "metricTransformation": None}, **new)

    assert len(program.client("logs").describe_metric_filters()["metricFilters"]) == 1
    leaves_nothing(program, made)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"logGroupName": "/nobody"}, "The specified log group does not exist"),
        ({"metricTransformation": {"name": "Errors", "namespace": "a:b", "value": "1"}}, "regular expression"),
        ({"metricTransformation": {**ERRORS["metricTransformation"], "unit": "Counts"}}, "enum value set"),
        ({"metricTransformation": {**ERRORS["metricTransformation"], "dimensions": {"a": "$.a"}}}, "conflicts"),
        ({"metricTransformation": {"name": "Errors", "namespace": "OpenCode"}}, '"value" is required'),
        ({"applyOnTransformedLogs": True}, "not supported by the local AWS"),
    ],
)
def test_a_filter_that_aws_would_refuse_is_refused(
    program: Program, group: Made, bad: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(FILTER, **{"logGroupName": group["name"], **ERRORS, **bad})


def test_a_resource_policy_changes_in_place_and_leaves_nothing(program: Program) -> None:
    policy = program.declare(POLICY, policyName="waf", policyDocument=document(statement("wafv2.amazonaws.com")))

    new = {"policyName": "waf", "policyDocument": document(statement("delivery.logs.amazonaws.com"))}
    policy = lives_and_changes(program, policy, {"policyDocument": None}, **new)

    leaves_nothing(program, policy)
    with pytest.raises(Refused, match="malformed"):
        program.declare(POLICY, policyName="waf", policyDocument="{}")
    assert_as_declared(program, program.declare(POLICY, policyName="waf", policyDocument=new["policyDocument"]))
