"""Metric alarms and dashboards."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.members import block, blocks, reported, request, unsupported, value, values
from opencode_local.provider.tags import changes, mapping, pairs

METRIC = (
    block("metric", *values("metricName", "namespace", "period", "stat", "unit", "dimensions"), member="MetricStat"),
)
QUERY = (*values("accountId", "expression", "id", "label", "period", "returnData"), *METRIC)
ALARM = (
    value("name", "AlarmName"),
    *values("actionsEnabled", "alarmActions", "alarmDescription", "comparisonOperator", "datapointsToAlarm"),
    value("evaluateLowSampleCountPercentiles", "EvaluateLowSampleCountPercentile"),
    *values("evaluationPeriods", "extendedStatistic", "insufficientDataActions", "metricName", "namespace"),
    value("okActions", "OKActions"),
    *values("period", "statistic", "threshold", "thresholdMetricId", "treatMissingData", "unit", "dimensions"),
    blocks("metricQueries", *QUERY, member="Metrics"),
)
DEFAULTS: Properties = {"actionsEnabled": True, "treatMissingData": "missing"}
MISSING_DATA = ("missing", "ignore", "breaching", "notBreaching")
SHORT_PERIODS_S = (10, 20, 30)
PERIOD_STEP_S = 60
ANOMALY_OPERATORS = frozenset(
    {"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"}
)
WIDGET_TYPES = frozenset({"metric", "text", "log", "alarm", "explorer", "custom"})
GRID_COLUMNS = 24
DASHBOARD_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


class MetricAlarm(Handler):
    token = "aws:cloudwatch/metricAlarm:MetricAlarm"
    replace_on = frozenset({"name"})
    filled_by_aws = frozenset({"evaluateLowSampleCountPercentiles"})
    auto_name = AutoName("name", 255)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(ALARM, inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_alarm(inputs)
        wanted = _alarm_request({**DEFAULTS, **inputs})
        aws.client("cloudwatch").put_metric_alarm(**wanted, Tags=pairs(inputs.get("tagsAll")))
        return str(inputs["name"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("cloudwatch")
        alarms = client.describe_alarms(AlarmNames=[id_])["MetricAlarms"]
        if not alarms:
            return None
        alarm = _flattened(alarms[0])
        tags = client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        return {**reported(ALARM, alarm, inputs), "tagsAll": mapping(tags), "arn": alarm["AlarmArn"]}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _refuse_alarm(new)
        client = aws.client("cloudwatch")
        arn = client.describe_alarms(AlarmNames=[id_])["MetricAlarms"][0]["AlarmArn"]
        client.put_metric_alarm(**_alarm_request({**DEFAULTS, **new}))
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_resource(ResourceARN=arn, Tags=pairs(added))
        if removed:
            client.untag_resource(ResourceARN=arn, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("cloudwatch").delete_alarms, "ResourceNotFound", AlarmNames=[id_])


class Dashboard(Handler):
    token = "aws:cloudwatch/dashboard:Dashboard"
    replace_on = frozenset({"dashboardName"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        if DASHBOARD_NAME.fullmatch(inputs["dashboardName"]):
            return ()
        return [Fault("dashboardName", "only 1 to 255 alphanumeric characters, hyphens and underscores are allowed")]

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_dashboard(inputs["dashboardBody"])
        name, body = inputs["dashboardName"], inputs["dashboardBody"]
        aws.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=body)
        return str(name)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        get = aws.client("cloudwatch").get_dashboard
        answer = found(get, "ResourceNotFound", "DashboardNotFoundError", DashboardName=id_)
        if answer is None:
            return None
        return {
            "dashboardName": id_,
            "dashboardBody": answer["DashboardBody"],
            "dashboardArn": f"arn:{aws.partition}:cloudwatch::{aws.account_id}:dashboard/{id_}",
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        delete = aws.client("cloudwatch").delete_dashboards
        found(delete, "ResourceNotFound", "DashboardNotFoundError", DashboardNames=[id_])


def _alarm_request(inputs: Mapping[str, Any]) -> dict[str, Any]:
    wanted = request(ALARM, inputs)
    if "Dimensions" in wanted:
        wanted["Dimensions"] = pairs(wanted["Dimensions"], "Name")
    for query in wanted.get("Metrics", ()):
        stat = query.get("MetricStat")
        if stat:
            metric = {name: stat.pop(name) for name in ("MetricName", "Namespace") if name in stat}
            query["MetricStat"] = {
                "Metric": {**metric, "Dimensions": pairs(stat.pop("Dimensions", {}), "Name")},
                **stat,
            }
    return wanted


def _flattened(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """The alarm with dimensions as maps and each query's metric beside its statistic, as they are declared."""
    queries = []
    for query in alarm.get("Metrics") or ():
        stat = dict(query.get("MetricStat") or {})
        metric = stat.pop("Metric", {})
        flat = {**stat, **metric, "Dimensions": mapping(metric.get("Dimensions"), "Name")}
        queries.append({**query, "MetricStat": flat} if metric else query)
    return {**alarm, "Dimensions": mapping(alarm.get("Dimensions"), "Name"), "Metrics": queries}


def _refuse_alarm(inputs: Mapping[str, Any]) -> None:
    """Raises AwsError ValidationError for the rules between members that the service model does not say."""
    queries = inputs.get("metricQueries") or []
    single = [name for name in ("metricName", "namespace", "statistic", "extendedStatistic") if inputs.get(name)]
    if queries and single:
        raise _invalid(f"Metrics list and {', '.join(single)} are mutually exclusive")
    if not queries and not inputs.get("metricName"):
        raise _invalid("either MetricName or Metrics must be set")
    if not queries and bool(inputs.get("statistic")) == bool(inputs.get("extendedStatistic")):
        raise _invalid("exactly one of Statistic and ExtendedStatistic must be set")
    _refuse_threshold(inputs)
    _refuse_queries(queries)
    for period_s in [inputs.get("period"), *(_period_s(query) for query in queries)]:
        if period_s is not None and period_s not in SHORT_PERIODS_S and (period_s < 1 or period_s % PERIOD_STEP_S):
            raise _invalid(f"Period {period_s} must be 10, 20, 30 or a multiple of {PERIOD_STEP_S}")
    for arn in [*(inputs.get("alarmActions") or ()), *(inputs.get("okActions") or ())]:
        if not arn.startswith("arn:"):
            raise _invalid(f"Invalid arn syntax: {arn}")


def _refuse_threshold(inputs: Mapping[str, Any]) -> None:
    if not inputs.get("evaluationPeriods"):
        raise _invalid("EvaluationPeriods must be set")
    if inputs.get("treatMissingData", "missing") not in MISSING_DATA:
        raise _invalid(f"TreatMissingData must be one of {', '.join(MISSING_DATA)}")
    is_band = inputs.get("comparisonOperator") in ANOMALY_OPERATORS
    if is_band != bool(inputs.get("thresholdMetricId")) or is_band == (inputs.get("threshold") is not None):
        raise _invalid("Threshold goes with a fixed comparison, ThresholdMetricId with a band")
    if inputs.get("datapointsToAlarm", 0) > inputs["evaluationPeriods"]:
        raise _invalid("DatapointsToAlarm must not be greater than EvaluationPeriods")


def _refuse_queries(queries: Sequence[Mapping[str, Any]]) -> None:
    if not queries:
        return
    ids = [query["id"] for query in queries]
    if len(set(ids)) != len(ids):
        raise _invalid(f"the ids {', '.join(ids)} must be unique")
    if sum(query.get("returnData", False) for query in queries) != 1:
        raise _invalid("exactly one element of the metrics list should return data")
    if any(("expression" in query) == ("metric" in query) for query in queries):
        raise _invalid("each element of the metrics list must have either an expression or a metric")


def _period_s(query: Mapping[str, Any]) -> int | None:
    period_s: int | None = query.get("period") or (query.get("metric") or {}).get("period")
    return period_s


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message, "PutMetricAlarm")


def _refuse_dashboard(body: str) -> None:
    """Source: CloudWatch user guide, "Dashboard body structure and syntax" (read 2026-11-21)."""
    try:
        document = json.loads(body)
    except ValueError:
        raise AwsError(
            "InvalidParameterInput", "The field DashboardBody must be a valid JSON object", "PutDashboard"
        ) from None
    widgets = document.get("widgets") if isinstance(document, Mapping) else None
    if not isinstance(widgets, list):
        raise AwsError("InvalidParameterInput", "/widgets Should be array", "PutDashboard")
    for number, widget in enumerate(widgets):
        if widget.get("type") not in WIDGET_TYPES or not isinstance(widget.get("properties"), Mapping):
            message = f"/widgets/{number} must have a type of {', '.join(sorted(WIDGET_TYPES))} and properties"
            raise AwsError("InvalidParameterInput", message, "PutDashboard")
        if widget.get("x", 0) + widget.get("width", 1) > GRID_COLUMNS:
            message = f"/widgets/{number} is wider than the {GRID_COLUMNS} columns of the grid"
            raise AwsError("InvalidParameterInput", message, "PutDashboard")


HANDLERS = (MetricAlarm(), Dashboard())
