"""When somebody is told: the alarms, as data.

Sources of metrics and dimensions: Elastic Load Balancing user guide, "CloudWatch metrics for your Application Load
Balancer"; Amazon ECS developer guide, "Amazon ECS CloudWatch metrics"; AWS Lambda developer guide, "Types of metrics
for Lambda functions" (all read 2026-11-21); `router_metrics.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input
from pulumi_aws import cloudwatch

MINUTE_S = 60
FEWEST_REQUESTS = 20
"""In five minutes; below this, one failure is no share of anything."""
BUSY_CPU_PERCENT = 85
LASTING_FAILURES = 5
"""In five minutes; what is tried again may fail once or twice."""
QUIET = "notBreaching"
"""For what is only reported while requests come: silence is not a fault."""
GONE = "breaching"
"""For what is reported as long as a task is registered: silence means that none is."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What the alarms look at; ARN suffixes as CloudWatch's dimensions have them."""

    load_balancer: Input[str]
    target_group: Input[str]
    cluster: Input[str]
    service: Input[str]
    namespace: str
    functions: Mapping[str, Input[str]]
    """Names of Lambda functions, by what their alarms' names begin with."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is still normal."""

    min_tasks: int
    server_error_percent: float
    slow_answer_s: float
    throttles: int
    auth_failures: int


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric and how its values of one period become one."""

    namespace: str
    name: str
    statistic: str
    """`Sum`, `Minimum`, `Maximum`, `Average` or a percentile like `p95`."""
    dimensions: Mapping[str, Input[str]]


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Rings when `metrics`, through `expression` if there are several, compare so with `threshold`."""

    description: str
    metrics: Mapping[str, Metric]
    expression: str | None = None
    comparison: str = "GreaterThanOrEqualToThreshold"
    threshold: float
    period_s: int = 5 * MINUTE_S
    periods: int = 1
    """How many in a row."""
    missing: str = QUIET


def alarms(watched: Watched, limits: Limits) -> Mapping[str, Alarm]:
    """By the end of their names."""
    return {
        **traffic_alarms(watched, limits),
        **task_alarms(watched, limits),
        **router_alarms(watched, limits),
        **function_alarms(watched),
    }


def traffic_alarms(watched: Watched, limits: Limits) -> Mapping[str, Alarm]:
    """Requests that were refused before a target was chosen are missing from RequestCount, so they are added to it."""
    counts = ("RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count")
    requests, by_target, by_load_balancer = (
        Metric(
            namespace="AWS/ApplicationELB",
            name=name,
            statistic="Sum",
            dimensions={"LoadBalancer": watched.load_balancer},
        )
        for name in counts
    )
    all_requests = "(FILL(requests, 0) + FILL(elb, 0))"
    return {
        "server-errors": Alarm(
            description=f"{limits.server_error_percent:g} % or more of the requests fail with a 5xx status",
            metrics={"requests": requests, "target": by_target, "elb": by_load_balancer},
            expression=f"IF({all_requests} >= {FEWEST_REQUESTS}, "
            f"100 * (FILL(target, 0) + FILL(elb, 0)) / {all_requests}, 0)",
            threshold=limits.server_error_percent,
            periods=2,
        ),
        "slow-answers": Alarm(
            description=f"One request in twenty waits {limits.slow_answer_s:g} s or longer for its answer to begin",
            metrics={
                "p95": Metric(
                    namespace="AWS/ApplicationELB",
                    name="TargetResponseTime",
                    statistic="p95",
                    dimensions={"LoadBalancer": watched.load_balancer, "TargetGroup": watched.target_group},
                )
            },
            threshold=limits.slow_answer_s,
            periods=3,
        ),
    }


def task_alarms(watched: Watched, limits: Limits) -> Mapping[str, Alarm]:
    of_target_group = {"LoadBalancer": watched.load_balancer, "TargetGroup": watched.target_group}
    of_service = {"ClusterName": watched.cluster, "ServiceName": watched.service}
    unhealthy = Metric(
        namespace="AWS/ApplicationELB", name="UnHealthyHostCount", statistic="Maximum", dimensions=of_target_group
    )
    healthy = Metric(
        namespace="AWS/ApplicationELB", name="HealthyHostCount", statistic="Minimum", dimensions=of_target_group
    )
    cpu = Metric(namespace="AWS/ECS", name="CPUUtilization", statistic="Average", dimensions=of_service)
    return {
        "unhealthy-tasks": Alarm(
            description="A task has failed its health check for five minutes",
            metrics={"unhealthy": unhealthy},
            threshold=1,
            period_s=MINUTE_S,
            periods=5,
        ),
        "too-few-tasks": Alarm(
            description=f"Fewer than {limits.min_tasks} tasks have been healthy for five minutes",
            metrics={"healthy": healthy},
            comparison="LessThanThreshold",
            threshold=limits.min_tasks,
            period_s=MINUTE_S,
            periods=5,
            missing=GONE,
        ),
        "busy-tasks": Alarm(
            description=f"The tasks' processors have been {BUSY_CPU_PERCENT} % busy for 15 minutes: scaling has ended",
            metrics={"cpu": cpu},
            threshold=BUSY_CPU_PERCENT,
            periods=3,
        ),
    }


def router_alarms(watched: Watched, limits: Limits) -> Mapping[str, Alarm]:
    """On the metrics that the log is counted into."""

    def counted(name: str, threshold: float, description: str) -> Alarm:
        metric = Metric(namespace=watched.namespace, name=name, statistic="Sum", dimensions={})
        return Alarm(description=description, metrics={"count": metric}, threshold=threshold)

    return {
        "bedrock-throttles": counted(
            "BedrockThrottles",
            limits.throttles,
            "Bedrock throttles the gateway: ask for more quota, or add regions to the inference profiles",
        ),
        "bedrock-refusals": counted(
            "BedrockRefusals", 1, "Bedrock refuses the gateway's role, or a model that this account may not use"
        ),
        "bedrock-credentials": counted(
            "BedrockCredentialFailures", LASTING_FAILURES, "The gateway cannot get AWS credentials for Bedrock"
        ),
        "over-capacity": counted(
            "RequestsOverCapacity", 1, "A router process has refused requests because all its calls were in use"
        ),
        "auth-failures": counted(
            "AuthFailures",
            limits.auth_failures,
            "Many credentials that the router does not accept: an attack, or a fault",
        ),
        "ledger-retries": counted(
            "LedgerRetries", LASTING_FAILURES, "Usage records cannot be written; they are kept and tried again"
        ),
        "ledger-losses": counted(
            "LedgerLosses", 1, "Usage records are missing from the table; the log has them as lines named usage"
        ),
    }


def function_alarms(watched: Watched) -> Mapping[str, Alarm]:
    """An error is an invocation without an answer; what the function itself refuses is none."""
    told = {"Errors": "fails", "Throttles": "is asked more often at once than it may answer"}

    def counted(word: str, function: Input[str], name: str) -> Alarm:
        metric = Metric(namespace="AWS/Lambda", name=name, statistic="Sum", dimensions={"FunctionName": function})
        return Alarm(
            description=f"The function {word} {told[name]}", metrics={"count": metric}, threshold=LASTING_FAILURES
        )

    return {
        f"{word}-{name.lower()}": counted(word, function, name)
        for word, function in watched.functions.items()
        for name in told
    }


def alarm_args(alarm: Alarm, *, region: Input[str], topic_arn: Input[str]) -> cloudwatch.MetricAlarmArgs:
    return cloudwatch.MetricAlarmArgs(
        region=region,
        alarm_description=alarm.description,
        metric_queries=metric_queries(alarm),
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        evaluation_periods=alarm.periods,
        datapoints_to_alarm=alarm.periods,
        treat_missing_data=alarm.missing,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
    )


def metric_queries(alarm: Alarm) -> Sequence[cloudwatch.MetricAlarmMetricQueryArgs]:
    """The metrics, and the expression over them; exactly one of all these is what the threshold is for."""
    metrics = [
        cloudwatch.MetricAlarmMetricQueryArgs(
            id=name,
            return_data=alarm.expression is None,
            metric=cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=metric.dimensions,
                stat=metric.statistic,
                period=alarm.period_s,
            ),
        )
        for name, metric in alarm.metrics.items()
    ]
    if alarm.expression is None:
        return metrics
    share = cloudwatch.MetricAlarmMetricQueryArgs(
        id="result", expression=alarm.expression, label=alarm.description, return_data=True
    )
    return [*metrics, share]
