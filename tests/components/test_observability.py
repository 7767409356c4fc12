"""Alarms that can ring, a topic that hears them, and a dashboard of what exists."""

import json
import re
from typing import Any, cast

import pulumi
import pytest

from opencode_components.observability import Observability, ObservabilityArgs
from opencode_components.router_metrics import ROUTER_METRICS
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure
from tests.router.test_ledger import RECORD

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
ACCOUNT = "123456789012"
LOAD_BALANCER, TARGET_GROUP = "app/dev-api/50dc6c495c0c9188", "targetgroup/dev-api/73e2d6bc24d8a067"
DIMENSIONS = {
    "LoadBalancer": LOAD_BALANCER,
    "TargetGroup": TARGET_GROUP,
    "ClusterName": "dev-api",
    "ServiceName": "dev-router",
}
OF_LOAD_BALANCER, OF_TARGET_GROUP = frozenset({"LoadBalancer"}), frozenset({"LoadBalancer", "TargetGroup"})
OF_SERVICE = frozenset({"ClusterName", "ServiceName"})
EMITTED_BY_AWS = {
    ("AWS/ApplicationELB", "RequestCount"): {OF_LOAD_BALANCER, OF_TARGET_GROUP},
    ("AWS/ApplicationELB", "HTTPCode_Target_2XX_Count"): {OF_LOAD_BALANCER, OF_TARGET_GROUP},
    ("AWS/ApplicationELB", "HTTPCode_Target_4XX_Count"): {OF_LOAD_BALANCER, OF_TARGET_GROUP},
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"): {OF_LOAD_BALANCER, OF_TARGET_GROUP},
    ("AWS/ApplicationELB", "HTTPCode_ELB_4XX_Count"): {OF_LOAD_BALANCER},
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"): {OF_LOAD_BALANCER},
    ("AWS/ApplicationELB", "TargetResponseTime"): {OF_LOAD_BALANCER, OF_TARGET_GROUP},
    ("AWS/ApplicationELB", "HealthyHostCount"): {OF_TARGET_GROUP},
    ("AWS/ApplicationELB", "UnHealthyHostCount"): {OF_TARGET_GROUP},
    ("AWS/ECS", "CPUUtilization"): {OF_SERVICE},
    ("AWS/ECS", "MemoryUtilization"): {OF_SERVICE},
    ("AWS/Lambda", "Errors"): {frozenset({"FunctionName"})},
    ("AWS/Lambda", "Throttles"): {frozenset({"FunctionName"})},
}
"""Metrics and the sets of dimensions they come with. Sources: Elastic Load Balancing user guide, "CloudWatch metrics
for your Application Load Balancer"; Amazon ECS developer guide, "Amazon ECS CloudWatch metrics"; AWS Lambda developer
guide, "Types of metrics for Lambda functions" (read 2026-11-21)."""
KINDS = {
    "server-errors",
    "slow-answers",
    "unhealthy-tasks",
    "too-few-tasks",
    "busy-tasks",
    "bedrock-throttles",
    "bedrock-refusals",
    "bedrock-credentials",
    "over-capacity",
    "auth-failures",
    "ledger-retries",
    "ledger-losses",
}


def deployed(deploy: Deploy, **changes: Any) -> Graph:
    args = {
        "region": "eu-west-1",
        "account_id": ACCOUNT,
        "environment": "dev",
        "load_balancer_arn_suffix": LOAD_BALANCER,
        "target_group_arn_suffix": TARGET_GROUP,
        "cluster_name": "dev-api",
        "service_name": "dev-router",
        "router_log_group_name": "/opencode/dev/router",
        "min_tasks": 2,
        **changes,
    }

    def program() -> None:
        observability = Observability("dev", cast(ObservabilityArgs, args))
        for output in Observability.__annotations__:
            pulumi.export(output, getattr(observability, output))

    return deploy(program)


def alarm(graph: Graph, kind: str) -> Resource:
    return graph.one(ALARM, f"dev-{kind}")


def metrics_of(alarm: Resource) -> list[dict[str, Any]]:
    return [query["metric"] for query in alarm.inputs["metricQueries"] if "metric" in query]


def emitted(graph: Graph) -> dict[tuple[str, str], set[frozenset[str]]]:
    """All metrics that AWS or a filter of this graph puts out, with the dimensions they come with."""
    transformations = [each.inputs["metricTransformation"] for each in graph.all(FILTER)]
    by_filters = {
        (each["namespace"], each["name"]): {frozenset(each.get("dimensions", {}))} for each in transformations
    }
    return {**EMITTED_BY_AWS, **by_filters}


def board(graph: Graph) -> list[dict[str, Any]]:
    return list(json.loads(graph.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])["widgets"])


def test_there_is_an_alarm_for_everything_an_operator_must_hear_of(deploy: Deploy) -> None:
    assert {alarm.name.removeprefix("dev-") for alarm in deployed(deploy).all(ALARM)} == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_alarm_watches_metrics_that_are_emitted_for_these_very_resources(deploy: Deploy, kind: str) -> None:
    graph = deployed(deploy)

    for metric in metrics_of(alarm(graph, kind)):
        dimensions = metric.get("dimensions", {})
        assert frozenset(dimensions) in emitted(graph)[metric["namespace"], metric["metricName"]]
        assert dimensions == {name: DIMENSIONS[name] for name in dimensions}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_alarm_compares_one_value_and_tells_the_topic_of_its_start_and_end(deploy: Deploy, kind: str) -> None:
    graph = deployed(deploy)
    inputs = alarm(graph, kind).inputs
    topic_arn = graph.outputs["topic_arn"]

    assert [query.get("returnData") for query in inputs["metricQueries"]].count(True) == 1
    assert inputs["alarmActions"] == inputs["okActions"] == [topic_arn]
    assert inputs["alarmDescription"]


def test_functions_ring_when_they_fail_and_when_they_are_asked_too_often_at_once(deploy: Deploy) -> None:
    graph = deployed(deploy, functions={"download-page": "dev-site-page-1a2b", "downloads": "dev-site-public-3c4d"})
    added = {found.name.removeprefix("dev-") for found in graph.all(ALARM)} - KINDS

    assert added == {f"{word}-{kind}" for word in ("download-page", "downloads") for kind in ("errors", "throttles")}
    for kind in added:
        (metric,) = metrics_of(alarm(graph, kind))
        assert frozenset(metric["dimensions"]) in emitted(graph)[metric["namespace"], metric["metricName"]]
    (throttles,) = metrics_of(alarm(graph, "downloads-throttles"))
    assert (throttles["metricName"], throttles["stat"]) == ("Throttles", "Sum")
    assert throttles["dimensions"] == {"FunctionName": "dev-site-public-3c4d"}


def test_silence_rings_only_where_it_means_that_no_task_is_left(deploy: Deploy) -> None:
    graph = deployed(deploy)

    assert {kind for kind in KINDS if alarm(graph, kind).inputs["treatMissingData"] != "notBreaching"} == {
        "too-few-tasks"
    }
    assert alarm(graph, "too-few-tasks").inputs["treatMissingData"] == "breaching"


def test_the_share_of_server_errors_counts_both_tiers_and_needs_enough_requests(deploy: Deploy) -> None:
    inputs = alarm(deployed(deploy, server_error_percent=2.5), "server-errors").inputs
    (expression,) = [query["expression"] for query in inputs["metricQueries"] if "expression" in query]

    # the same arithmetic, in Python
    def share(requests: int, target: int, elb: int) -> float:
        python = re.sub(r"FILL\((\w+), 0\)", r"\1", expression)
        condition, value, otherwise = re.fullmatch(r"IF\((.*), (100 .*), (0)\)", python).groups()  # type: ignore[union-attr]
        known = {"requests": requests, "target": target, "elb": elb}
        return float(eval(value if eval(condition, {}, known) else otherwise, {}, known))  # noqa: S307  our own text

    assert inputs["threshold"] == 2.5
    assert share(requests=100, target=3, elb=0) == 3
    assert share(requests=0, target=0, elb=50) == 100, "a load balancer without a target refuses everything"
    assert share(requests=3, target=1, elb=0) == 0, "one failure in a quiet night wakes nobody"


def test_thresholds_follow_the_args(deploy: Deploy) -> None:
    graph = deployed(deploy, min_tasks=3.0, slow_answer_s=30, throttles_per_5_minutes=7, auth_failures_per_5_minutes=9)

    assert alarm(graph, "too-few-tasks").inputs["threshold"] == 3
    assert alarm(graph, "too-few-tasks").inputs["comparisonOperator"] == "LessThanThreshold"
    assert alarm(graph, "slow-answers").inputs["threshold"] == 30
    assert metrics_of(alarm(graph, "slow-answers"))[0]["stat"] == "p95"
    assert alarm(graph, "bedrock-throttles").inputs["threshold"] == 7
    assert alarm(graph, "auth-failures").inputs["threshold"] == 9


def test_two_environments_count_into_namespaces_of_their_own(deploy: Deploy) -> None:
    def namespaces(environment: str) -> set[str]:
        filters = deployed(deploy, environment=environment).all(FILTER)
        return {each.inputs["metricTransformation"]["namespace"] for each in filters}

    assert (namespaces("dev"), namespaces("prod")) == ({"OpenCode/dev"}, {"OpenCode/prod"})


def test_every_metric_of_the_router_is_counted_in_its_log_group(deploy: Deploy) -> None:
    filters = deployed(deploy).all(FILTER)

    assert {each.inputs["metricTransformation"]["name"] for each in filters} == set(ROUTER_METRICS)
    assert {each.inputs["logGroupName"] for each in filters} == {"/opencode/dev/router"}


def test_only_alarms_of_this_account_may_write_to_the_encrypted_topic(deploy: Deploy) -> None:
    graph = deployed(deploy)
    topic, key = graph.one("aws:sns/topic:Topic"), graph.one("aws:kms/key:Key")
    (publish,) = json.loads(graph.one("aws:sns/topicPolicy:TopicPolicy").inputs["policy"])["Statement"]
    (use,) = [
        statement
        for statement in json.loads(key.inputs["policy"])["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]

    assert topic.inputs["kmsMasterKeyId"] == key.outputs["arn"]
    assert key.inputs["enableKeyRotation"] is True
    assert publish["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (publish["Action"], publish["Resource"]) == ("sns:Publish", topic.outputs["arn"])
    assert publish["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:*"},
    }
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert use["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_every_security_rule_holds(deploy: Deploy) -> None:
    assert_secure(deployed(deploy, alarm_emails=["ops@example.com"]))


def test_each_address_is_told_by_email(deploy: Deploy) -> None:
    graph = deployed(deploy, alarm_emails=["ops@example.com", "oncall@example.com"])

    assert {each.inputs["endpoint"] for each in graph.all(SUBSCRIPTION)} == {"ops@example.com", "oncall@example.com"}
    assert {each.inputs["protocol"] for each in graph.all(SUBSCRIPTION)} == {"email"}


def test_the_dashboard_shows_only_metrics_that_are_emitted(deploy: Deploy) -> None:
    graph = deployed(deploy)
    shown = [metric for widget in board(graph) for metric in widget["properties"].get("metrics", [])]

    for namespace, name, *dimensions, _ in shown:
        pairs = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        assert frozenset(pairs) in emitted(graph)[namespace, name]
        assert pairs == {key: DIMENSIONS[key] for key in pairs}
    assert {name for namespace, name, *_ in shown if namespace == "OpenCode/dev"} == set(ROUTER_METRICS)


def test_the_dashboard_asks_the_log_only_for_fields_that_the_router_writes(deploy: Deploy) -> None:
    queries = [w["properties"]["query"] for w in board(deployed(deploy)) if w["type"] == "log"]
    written = {"message", "error_code", *RECORD.facts()}

    assert len(queries) == 3
    for query in queries:
        assert query.startswith("SOURCE '/opencode/dev/router' | filter message = \"usage\"")
        fields = re.findall(r"(?:sum|ispresent)\((\w+)\)", query)
        groups = re.findall(r" by ([\w, ]+?)(?: \||$)", query)
        assert {*fields, *(field for group in groups for field in group.split(", "))} <= written


def test_the_dashboard_lists_every_alarm_and_its_widgets_do_not_overlap(deploy: Deploy) -> None:
    graph = deployed(deploy)
    widgets = board(graph)
    squares = [
        (column, row)
        for widget in widgets
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(squares) == len(set(squares))
    assert max(column for column, _ in squares) == 23
    assert set(widgets[0]["properties"]["alarms"]) == {each.outputs["arn"] for each in graph.all(ALARM)}


def test_the_dashboard_is_named_by_environment_and_region_and_can_be_opened(deploy: Deploy) -> None:
    outputs = deployed(deploy).outputs

    assert outputs["dashboard_name"] == "opencode-dev-eu-west-1"
    assert outputs["dashboard_url"] == (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#dashboards/dashboard/opencode-dev-eu-west-1"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"min_tasks": 0}, "min_tasks: 0"),
        ({"alarm_emails": ["ops"]}, "alarm_emails: 'ops'"),
        ({"alarm_emails": ["ops@example.com"] * 2}, "alarm_emails: 'ops@example.com'"),
    ],
)
def test_what_cannot_be_is_refused_by_key_and_value(deploy: Deploy, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        deployed(deploy, **changes)
