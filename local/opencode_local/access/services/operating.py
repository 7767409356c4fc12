"""CloudWatch, CloudWatch Logs, ECR and STS: what running things need.

Sources: Service authorization reference, the pages of these services; CloudWatch Logs user guide, "CloudWatch Logs
resources and operations"; IAM user guide, "Pass session tags in AWS STS" (read 2026-11-21).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.access.needs import Need, Rule, anywhere, need, nothing, text
from opencode_local.access.operations import Asked

TAG = re.compile(r"Tags\.member\.(\d+)\.(Key|Value)")


def on_metrics(asked: Asked) -> Sequence[Need]:
    """Metrics are no resources; policies tell them apart by namespace."""
    return [need(asked, "*", context={"cloudwatch:namespace": text(asked.params, "Namespace")})]


def group_arn(asked: Asked) -> str:
    """Of a log group, as it stands in front of its streams."""
    named = asked.params.get("logGroupIdentifier") or text(asked.params, "logGroupName")
    name = str(named).removesuffix(":*")
    return name if name.startswith("arn:") else asked.arn(f"log-group:{name}")


def on_log_group(asked: Asked) -> Sequence[Need]:
    """AWS asks for the group as for a stream without a name, so that `log-group:NAME:*` allows it."""
    return [need(asked, f"{group_arn(asked)}:log-stream:")]


def on_log_stream(asked: Asked) -> Sequence[Need]:
    return [need(asked, f"{group_arn(asked)}:log-stream:{text(asked.params, 'logStreamName')}")]


def on_log_groups(asked: Asked) -> Sequence[Need]:
    return [need(asked, asked.arn("log-group::log-stream:"))]


def on_repository(asked: Asked) -> Sequence[Need]:
    return [need(asked, asked.arn(f"repository/{text(asked.params, 'repositoryName')}"))]


def on_role(asked: Asked) -> Sequence[Need]:
    """Tags need a permission of their own."""
    role_arn = text(asked.params, "RoleArn")
    tags = session_tags(asked.params)
    context: dict[str, Any] = {"sts:RoleSessionName": text(asked.params, "RoleSessionName")}
    if "ExternalId" in asked.params:
        context["sts:ExternalId"] = asked.params["ExternalId"]
    if tags:
        context |= {"aws:TagKeys": sorted(tags), **{f"aws:RequestTag/{key}": tags[key] for key in tags}}
    tagging = [need(asked, role_arn, action="TagSession", context=context)] if tags else []
    return [need(asked, role_arn, context=context), *tagging]


def session_tags(params: Mapping[str, Any]) -> Mapping[str, str]:
    """From the query protocol's `Tags.member.1.Key`."""
    members: dict[str, dict[str, str]] = {}
    for name, value in params.items():
        if found := TAG.fullmatch(name):
            members.setdefault(found[1], {})[found[2]] = value
    return {member["Key"]: member.get("Value", "") for member in members.values() if "Key" in member}


CLOUDWATCH_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("GetMetricData", "GetMetricStatistics", "ListMetrics"), anywhere),
    "PutMetricData": on_metrics,
}
LOGS_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("CreateLogGroup", "DescribeLogStreams", "FilterLogEvents"), on_log_group),
    **dict.fromkeys(("CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"), on_log_stream),
    "DescribeLogGroups": on_log_groups,
}
ECR_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            "BatchCheckLayerAvailability",
            "BatchGetImage",
            "DescribeImages",
            "GetDownloadUrlForLayer",
            "ListImages",
            "PutImage",
        ),
        on_repository,
    ),
    "GetAuthorizationToken": anywhere,
}
STS_RULES: Mapping[str, Rule] = {"AssumeRole": on_role, "GetCallerIdentity": nothing}
