"""What tells operators how the gateway is doing: metrics from its log, alarms, a topic and a dashboard."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.alarm_policies import key_policy, topic_policy
from opencode_components.alarms import Limits, Watched, alarm_args, alarms
from opencode_components.dashboard import Shown, dashboard
from opencode_components.refusals import refusal
from opencode_components.router_metrics import ROUTER_METRICS, metric_filter_args

DEFAULT_SERVER_ERROR_PERCENT = 5
DEFAULT_SLOW_ANSWER_S = 120
"""Thinking models may be silent for a minute before the first word."""
DEFAULT_THROTTLES_PER_5_MINUTES = 20
DEFAULT_AUTH_FAILURES_PER_5_MINUTES = 50
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
KEY_DELETION_DAYS = 7
"""The shortest that AWS grants; the key protects nothing that is kept."""


class ObservabilityArgs(TypedDict):
    region: Input[str]
    """AWS region of the gateway."""
    account_id: Input[str]
    """Number of this AWS account: only its alarms may write to the topic."""
    environment: str
    """Name of the environment; part of the dashboard's name and of the metrics' namespace."""
    load_balancer_arn_suffix: Input[str]
    """CloudWatch's name of the load balancer, `app/...`."""
    target_group_arn_suffix: Input[str]
    """CloudWatch's name of the target group, `targetgroup/...`."""
    cluster_name: Input[str]
    """ECS cluster of the router."""
    service_name: Input[str]
    """ECS service of the router."""
    router_log_group_name: Input[str]
    """Log group of the router's JSON lines."""
    functions: NotRequired[Mapping[str, Input[str]]]
    """Names of Lambda functions to watch, each under a word that the names of its alarms begin with. The words are
    plain."""
    min_tasks: int
    """Healthy tasks below which an alarm rings, at least 1. Plain, because it is checked."""
    alarm_emails: NotRequired[list[str]]
    """Addresses that are told of every alarm, once they have confirmed. Plain, because they are counted."""
    metric_namespace: NotRequired[str]
    """CloudWatch namespace of the router's metrics. Default `OpenCode/<environment>`."""
    server_error_percent: NotRequired[float]
    """Share of requests answered 5xx at which an alarm rings. Default 5."""
    slow_answer_s: NotRequired[float]
    """95th percentile of the seconds until an answer begins, at which an alarm rings. Default 120."""
    throttles_per_5_minutes: NotRequired[int]
    """Requests throttled by Bedrock at which an alarm rings. Default 20."""
    auth_failures_per_5_minutes: NotRequired[int]
    """Credentials refused by the router at which an alarm rings. Default 50."""


class Observability(pulumi.ComponentResource):
    """Metric filters on the router's log, alarms, the topic they write to and a dashboard.

    The topic is encrypted with a key of its own, because CloudWatch may not use the one that AWS manages for SNS.
    Source: Amazon CloudWatch user guide, "Notifying users on alarm changes" (read 2026-11-21).

    Raises ValueError for a `min_tasks` below 1 and for an address that is none.
    """

    topic_arn: Output[str]
    """ARN of the topic that all alarms write to."""
    dashboard_name: Output[str]
    """Name of the dashboard."""
    dashboard_url: Output[str]
    """Where the dashboard is in the AWS console."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Observability", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        region, environment = args["region"], args["environment"]
        namespace = args.get("metric_namespace", f"OpenCode/{environment}")
        watched, limits = watched_by(args, namespace), limits_of(args)
        emails = checked_emails(args.get("alarm_emails", ()))

        for metric_name in ROUTER_METRICS:
            filter_args = metric_filter_args(
                metric_name, log_group_name=args["router_log_group_name"], namespace=namespace, region=region
            )
            aws.cloudwatch.LogMetricFilter(f"{name}-{metric_name}", filter_args, of_self)
        topic = alarm_topic(name, args, of_self)
        for email in emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}", region=region, topic=topic.arn, protocol="email", endpoint=email, opts=of_self
            )
        ringing = [
            aws.cloudwatch.MetricAlarm(f"{name}-{kind}", alarm_args(alarm, region=region, topic_arn=topic.arn), of_self)
            for kind, alarm in alarms(watched, limits).items()
        ]
        body = Output.all(
            region=region,
            load_balancer=watched.load_balancer,
            target_group=watched.target_group,
            cluster=watched.cluster,
            service=watched.service,
            log_group=args["router_log_group_name"],
            alarm_arns=[alarm.arn for alarm in ringing],
        ).apply(lambda known: json.dumps(dashboard(Shown(namespace=namespace, **known))))
        board = aws.cloudwatch.Dashboard(
            name,
            region=region,
            dashboard_name=Output.concat("opencode-", environment, "-", region),
            dashboard_body=body,
            opts=of_self,
        )

        self.topic_arn = topic.arn
        self.dashboard_name = board.dashboard_name
        self.dashboard_url = Output.concat(
            *("https://", region, ".console.aws.amazon.com/cloudwatch/home?region=", region),
            *("#dashboards/dashboard/", board.dashboard_name),
        )
        self.register_outputs({key: getattr(self, key) for key in Observability.__annotations__})


def watched_by(args: ObservabilityArgs, namespace: str) -> Watched:
    return Watched(
        load_balancer=args["load_balancer_arn_suffix"],
        target_group=args["target_group_arn_suffix"],
        cluster=args["cluster_name"],
        service=args["service_name"],
        namespace=namespace,
        functions=args.get("functions", {}),
    )


def limits_of(args: ObservabilityArgs) -> Limits:
    """Raises ValueError when no task at all would be enough."""
    min_tasks = int(args["min_tasks"])
    if min_tasks < 1:
        raise refusal("min_tasks", min_tasks, reason="would never ring an alarm", fix="use 1 or more")
    return Limits(
        min_tasks=min_tasks,
        server_error_percent=args.get("server_error_percent", DEFAULT_SERVER_ERROR_PERCENT),
        slow_answer_s=args.get("slow_answer_s", DEFAULT_SLOW_ANSWER_S),
        throttles=int(args.get("throttles_per_5_minutes", DEFAULT_THROTTLES_PER_5_MINUTES)),
        auth_failures=int(args.get("auth_failures_per_5_minutes", DEFAULT_AUTH_FAILURES_PER_5_MINUTES)),
    )


def checked_emails(emails: Sequence[str]) -> Sequence[str]:
    for email in emails:
        if not EMAIL.fullmatch(email) or emails.count(email) > 1:
            raise refusal("alarm_emails", email, reason="is no e-mail address, or is there twice", fix="name each once")
    return emails


def alarm_topic(name: str, args: ObservabilityArgs, opts: ResourceOptions) -> aws.sns.Topic:
    """An encrypted topic that only this account's alarms may write to."""
    region = args["region"]
    key = aws.kms.Key(
        name,
        region=region,
        description="Encrypts the gateway's alarm notifications",
        enable_key_rotation=True,
        deletion_window_in_days=KEY_DELETION_DAYS,
        policy=Output.json_dumps(key_policy(region=region, account_id=args["account_id"])),
        opts=opts,
    )
    topic = aws.sns.Topic(name, region=region, kms_master_key_id=key.arn, opts=opts)
    aws.sns.TopicPolicy(
        name,
        region=region,
        arn=topic.arn,
        policy=Output.json_dumps(topic_policy(topic.arn, region=region, account_id=args["account_id"])),
        opts=opts,
    )
    return topic
