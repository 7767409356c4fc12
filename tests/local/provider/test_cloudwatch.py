"""Alarms and dashboards."""

import json
from typing import Any

import pytest

from tests.local.provider.declaring import Program, Refused
from tests.local.provider.round_trip import leaves_nothing, lives_and_changes

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:alarms"

SLOW: dict[str, Any] = {
    "alarmDescription": "Answers begin late",
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 3,
    "datapointsToAlarm": 2,
    "threshold": 5,
    "metricName": "TargetResponseTime",
    "namespace": "AWS/ApplicationELB",
    "extendedStatistic": "p95",
    "period": 60,
    "dimensions": {"LoadBalancer": "app/dev-api/1", "TargetGroup": "targetgroup/dev-api/2"},
    "alarmActions": [TOPIC_ARN],
    "okActions": [TOPIC_ARN],
    "treatMissingData": "notBreaching",
}


def sum_of(metric_name: str) -> dict[str, Any]:
    dimensions = {"LoadBalancer": "app/dev-api/1"}
    return {
        "metricName": metric_name,
        "namespace": "AWS/ApplicationELB",
        "period": 60,
        "stat": "Sum",
        "dimensions": dimensions,
    }


QUERIES: list[dict[str, Any]] = [
    {"id": "share", "expression": "100 * errors / requests", "label": "Errors (%)", "returnData": True},
    {"id": "errors", "metric": sum_of("HTTPCode_Target_5XX_Count")},
    {"id": "requests", "metric": sum_of("RequestCount")},
]
ERROR_SHARE: dict[str, Any] = {
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 5,
    "threshold": 1,
    "metricQueries": QUERIES,
}


def body(*widgets: dict[str, Any]) -> str:
    return json.dumps({"widgets": widgets})


TEXT = {"type": "text", "x": 0, "y": 0, "width": 24, "height": 2, "properties": {"markdown": "# Gateway"}}


def test_an_alarm_on_a_metric_changes_in_place_and_leaves_nothing(program: Program) -> None:
    alarm = program.declare(ALARM, **SLOW, tags={"for": "operators"})

    new = {**SLOW, "threshold": 2.5, "dimensions": {"LoadBalancer": "app/dev-api/1"}}
    alarm = lives_and_changes(program, alarm, {"threshold": None, "dimensions": None, "tags": None}, **new)

    assert alarm["tagsAll"] == {"owner": "platform"}
    assert program.plan(alarm, **new, name="another") == {"name": True}
    leaves_nothing(program, alarm)


def test_an_alarm_on_an_expression_changes_in_place(program: Program) -> None:
    alarm = program.declare(ALARM, **ERROR_SHARE)

    new = {**ERROR_SHARE, "metricQueries": [{**QUERIES[0], "expression": "errors / requests"}, *QUERIES[1:]]}
    leaves_nothing(program, lives_and_changes(program, alarm, {"metricQueries": None}, **new))


def test_an_alarm_that_is_silenced_by_hand_shows(program: Program) -> None:
    alarm = program.declare(ALARM, **SLOW)
    program.client("cloudwatch").disable_alarm_actions(AlarmNames=[alarm.id])

    assert program.drift(alarm) == {"actionsEnabled": False}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"period": -60}, "Period -60 must be 10, 20, 30 or a multiple of 60"),
        ({"period": 45}, "Period 45"),
        ({"comparisonOperator": "GreaterThan"}, "enum value set"),
        ({"statistic": "Sum"}, "exactly one of Statistic and ExtendedStatistic"),
        ({"extendedStatistic": None}, "exactly one of Statistic and ExtendedStatistic"),
        ({"metricName": None}, "either MetricName or Metrics"),
        ({"metricQueries": QUERIES}, "mutually exclusive"),
        ({"datapointsToAlarm": 4}, "must not be greater than EvaluationPeriods"),
        ({"threshold": None}, "Threshold goes with a fixed comparison"),
        ({"treatMissingData": "breach"}, "TreatMissingData must be one of missing"),
        ({"alarmActions": ["alarms"]}, "Invalid arn syntax: alarms"),
        ({"unit": "Requests"}, "enum value set"),
        ({"evaluationInterval": 5}, "not supported by the local AWS"),
    ],
)
def test_an_alarm_that_aws_would_refuse_is_refused(program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(ALARM, **{**SLOW, **bad})


@pytest.mark.parametrize(
    ("queries", "why"),
    [
        (QUERIES[1:], "exactly one element of the metrics list should return data"),
        ([*QUERIES, QUERIES[1]], "must be unique"),
        ([QUERIES[0], {"id": "errors"}], "either an expression or a metric"),
        ([QUERIES[0], {"id": "Errors", "metric": {**sum_of("RequestCount"), "period": 7}}], "Period 7"),
    ],
)
def test_an_expression_that_aws_would_refuse_is_refused(
    program: Program, queries: list[dict[str, Any]], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(ALARM, **{**ERROR_SHARE, "metricQueries": queries})


def test_a_dashboard_changes_in_place_and_leaves_nothing(program: Program) -> None:
    dashboard = program.declare(DASHBOARD, dashboardName="opencode-dev", dashboardBody=body())

    new = {"dashboardName": "opencode-dev", "dashboardBody": body(TEXT)}
    dashboard = lives_and_changes(program, dashboard, {"dashboardBody": None}, **new)

    assert dashboard["dashboardArn"] == f"arn:aws:cloudwatch::{program.aws.account_id}:dashboard/opencode-dev"
    leaves_nothing(program, dashboard)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("opencode dev", body(), "dashboardName: only 1 to 255"),
        ("opencode-dev", "widgets:", "must be a valid JSON object"),
        ("opencode-dev", "{}", "/widgets Should be array"),
        ("opencode-dev", body({"type": "picture", "properties": {}}), "/widgets/0 must have a type"),
        ("opencode-dev", body({**TEXT, "x": 12}), "wider than the 24 columns"),
    ],
)
def test_a_dashboard_that_aws_would_refuse_is_refused(program: Program, name: str, text: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        program.declare(DASHBOARD, dashboardName=name, dashboardBody=text)
