"""What clusters, task definitions and services have in common: member names, tags, and clusters that are there."""

from collections.abc import Mapping
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Properties
from opencode_local.provider.members import Member, block, blocks, value
from opencode_local.provider.tags import changes, mapping, pairs


def camel(*names: str) -> tuple[Member, ...]:
    """ECS writes its members in camel case, as the engine does."""
    return tuple(value(name, name) for name in names)


def camel_block(name: str, *names: str, member: str = "") -> Member:
    return block(name, *camel(*names), member=member or name)


def camel_blocks(name: str, *names: str, member: str = "") -> Member:
    return blocks(name, *camel(*names), member=member or name)


def tagging(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"tags": pairs(inputs.get("tagsAll"), "key", "value")}


def tags_of(described: Mapping[str, Any]) -> dict[str, str]:
    return mapping(described.get("tags"), "key", "value")


def retag(aws: Aws, arn: str, old: Properties, new: Properties) -> None:
    client = aws.client("ecs")
    added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
    if removed:
        client.untag_resource(resourceArn=arn, tagKeys=removed)
    if added:
        client.tag_resource(resourceArn=arn, tags=pairs(added, "key", "value"))


def active_cluster(aws: Aws, name: str) -> dict[str, Any] | None:
    """The cluster by name or ARN. A deleted one stays for a while, inactive."""
    clusters = aws.client("ecs").describe_clusters(clusters=[name], include=["TAGS"])["clusters"]
    return next((dict(cluster) for cluster in clusters if cluster["status"] == "ACTIVE"), None)


def require_cluster(aws: Aws, operation: str, name: str) -> dict[str, Any]:
    """Raises AwsError ClusterNotFoundException."""
    cluster = active_cluster(aws, name)
    if cluster is None:
        raise AwsError("ClusterNotFoundException", "Cluster not found.", operation)
    return cluster


def active_services(aws: Aws, cluster: str) -> list[dict[str, Any]]:
    client = aws.client("ecs")
    arns = client.list_services(cluster=cluster)["serviceArns"]
    described = client.describe_services(cluster=cluster, services=arns)["services"] if arns else []
    return [service for service in described if service["status"] == "ACTIVE"]
