"""The one dashboard, as data.

Source: Amazon CloudWatch API reference, "Dashboard Body Structure and Syntax" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Widget = Mapping[str, Any]
"""A CloudWatch widget without its place."""

COLUMNS = 24
ROW_HEIGHT = 6
PERIOD_S = 300
USAGE = 'filter message = "usage"'
"""The router's record of one request; see the fields of `opencode_router.usage.record`."""
COST_BY_MODEL = f"{USAGE} | stats sum(cost_micro_usd) / 1000000 as usd, count(*) as requests by model | sort usd desc"
TOKENS_BY_MODEL = (
    f"{USAGE} | stats sum(input_tokens) as input, sum(output_tokens) as output, sum(cache_read_tokens) as cache_read, "
    "sum(cache_write_5m_tokens) + sum(cache_write_1h_tokens) as cache_write by model | sort output desc"
)
FAILURES_BY_MODEL = (
    f"{USAGE} and ispresent(error_code) | stats count(*) as requests by error_code, model | sort requests desc"
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the dashboard shows, all of it known."""

    region: str
    namespace: str
    load_balancer: str
    target_group: str
    cluster: str
    service: str
    log_group: str
    alarm_arns: Sequence[str]


def dashboard(shown: Shown) -> Mapping[str, Any]:
    """The body, to be written as JSON: rows of widgets, each as wide as its row allows."""
    rows = (
        (alarm_widget(shown),),
        (requests_widget(shown), errors_widget(shown)),
        (latency_widget(shown), first_byte_widget(shown)),
        (log_widget(shown, "Cost by model", COST_BY_MODEL), log_widget(shown, "Tokens by model", TOKENS_BY_MODEL)),
        (bedrock_widget(shown), log_widget(shown, "Failed requests by reason and model", FAILURES_BY_MODEL)),
        (tasks_widget(shown), use_widget(shown)),
        (access_widget(shown), ledger_widget(shown)),
    )
    return {
        "widgets": [
            placed(widget, row, column, len(r)) for row, r in enumerate(rows) for column, widget in enumerate(r)
        ]
    }


def placed(widget: Widget, row: int, column: int, columns: int) -> Widget:
    width = COLUMNS // columns
    return {**widget, "x": column * width, "y": row * ROW_HEIGHT, "width": width, "height": ROW_HEIGHT}


def requests_widget(shown: Shown) -> Widget:
    names = ("RequestCount", "HTTPCode_Target_2XX_Count", "HTTPCode_Target_4XX_Count")
    return metric_widget(shown, "Requests", [load_balancer_metric(shown, name, "Sum") for name in names])


def errors_widget(shown: Shown) -> Widget:
    names = ("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count")
    return metric_widget(shown, "Errors", [load_balancer_metric(shown, name, "Sum") for name in names])


def latency_widget(shown: Shown) -> Widget:
    metrics = [target_group_metric(shown, "TargetResponseTime", stat) for stat in ("p50", "p95", "p99")]
    return metric_widget(shown, "Seconds until an answer begins, at the load balancer", metrics)


def first_byte_widget(shown: Shown) -> Widget:
    metrics = [router_metric(shown, "FirstByte", stat) for stat in ("p50", "p95", "p99")]
    return metric_widget(shown, "Milliseconds until the first token", metrics)


def bedrock_widget(shown: Shown) -> Widget:
    names = ("BedrockThrottles", "BedrockRefusals", "BedrockCredentialFailures", "RequestsOverCapacity")
    return metric_widget(shown, "Throttles and refusals", [router_metric(shown, name, "Sum") for name in names])


def tasks_widget(shown: Shown) -> Widget:
    healthy = target_group_metric(shown, "HealthyHostCount", "Minimum")
    return metric_widget(shown, "Tasks", [healthy, target_group_metric(shown, "UnHealthyHostCount", "Maximum")])


def use_widget(shown: Shown) -> Widget:
    names = ("CPUUtilization", "MemoryUtilization")
    dimensions = ("ClusterName", shown.cluster, "ServiceName", shown.service)
    metrics = [["AWS/ECS", name, *dimensions, {"stat": "Average"}] for name in names]
    return metric_widget(shown, "Processor and memory in use, percent", metrics)


def access_widget(shown: Shown) -> Widget:
    by_load_balancer = load_balancer_metric(shown, "HTTPCode_ELB_4XX_Count", "Sum")
    return metric_widget(shown, "Turned away", [router_metric(shown, "AuthFailures", "Sum"), by_load_balancer])


def ledger_widget(shown: Shown) -> Widget:
    names = ("LedgerRetries", "LedgerLosses")
    return metric_widget(shown, "Ledger", [router_metric(shown, name, "Sum") for name in names])


def load_balancer_metric(shown: Shown, name: str, stat: str) -> Sequence[Any]:
    return ["AWS/ApplicationELB", name, "LoadBalancer", shown.load_balancer, {"stat": stat}]


def target_group_metric(shown: Shown, name: str, stat: str) -> Sequence[Any]:
    dimensions = ("LoadBalancer", shown.load_balancer, "TargetGroup", shown.target_group)
    return ["AWS/ApplicationELB", name, *dimensions, {"stat": stat}]


def router_metric(shown: Shown, name: str, stat: str) -> Sequence[Any]:
    return [shown.namespace, name, {"stat": stat}]


def metric_widget(shown: Shown, title: str, metrics: Sequence[Sequence[Any]]) -> Widget:
    properties = {"title": title, "region": shown.region, "view": "timeSeries", "period": PERIOD_S, "metrics": metrics}
    return {"type": "metric", "properties": properties}


def log_widget(shown: Shown, title: str, query: str) -> Widget:
    source = f"SOURCE '{shown.log_group}' | {query}"
    return {
        "type": "log",
        "properties": {"title": title, "region": shown.region, "view": "table", "query": source},
    }


def alarm_widget(shown: Shown) -> Widget:
    return {"type": "alarm", "properties": {"title": "Alarms", "alarms": [*shown.alarm_arns]}}
