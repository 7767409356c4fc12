"""ECS clusters and the capacity that they have.

Rules: service model of ECS and its API reference, CreateCluster, PutClusterCapacityProviders and DeleteCluster
(read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.ecs_parts import (
    active_cluster,
    active_services,
    camel,
    camel_block,
    camel_blocks,
    require_cluster,
    retag,
    tagging,
    tags_of,
)
from opencode_local.provider.members import block, refuse, reported, request, unsupported

EXECUTE_COMMAND = block(
    "executeCommandConfiguration",
    *camel("kmsKeyId", "logging"),
    camel_block(
        "logConfiguration",
        *("cloudWatchEncryptionEnabled", "cloudWatchLogGroupName"),
        *("s3BucketEncryptionEnabled", "s3BucketName", "s3KeyPrefix"),
    ),
    member="executeCommandConfiguration",
)
MANAGED_STORAGE = camel_block("managedStorageConfiguration", "fargateEphemeralStorageKmsKeyId", "kmsKeyId")
SETTINGS = (
    camel_blocks("settings", "name", "value"),
    block("configuration", EXECUTE_COMMAND, MANAGED_STORAGE, member="configuration"),
    camel_block("serviceConnectDefaults", "namespace"),
)
INSIGHTS = ("enabled", "disabled", "enhanced")
CAPACITY = (
    *camel("capacityProviders"),
    camel_blocks(
        "defaultCapacityProviderStrategies",
        *("capacityProvider", "base", "weight"),
        member="defaultCapacityProviderStrategy",
    ),
)
FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})


class Cluster(Handler):
    token = "aws:ecs/cluster:Cluster"
    replace_on = frozenset({"name"})
    filled_by_aws = frozenset({"settings", "configuration"})
    auto_name = AutoName("name", 255)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(SETTINGS, inputs, "name")
        for setting in inputs.get("settings") or ():
            if setting["value"] not in INSIGHTS:
                reason = f"expected one of {', '.join(INSIGHTS)}, got {setting['value']!r}"
                faults.append(Fault("settings.value", reason))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        if active_cluster(aws, inputs["name"]):
            message = (
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
            )
            raise refuse("CreateCluster", message)
        made = aws.client("ecs").create_cluster(
            clusterName=inputs["name"], **request(SETTINGS, inputs), **tagging(inputs)
        )
        return str(made["cluster"]["clusterArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        cluster = active_cluster(aws, id_)
        if cluster is None:
            return None
        return {
            **reported(SETTINGS, cluster, inputs),
            "name": cluster["clusterName"],
            "tagsAll": tags_of(cluster),
            "arn": cluster["clusterArn"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        require_cluster(aws, "UpdateCluster", id_)
        defaults = {"settings": [{"name": "containerInsights", "value": "disabled"}]}
        aws.client("ecs").update_cluster(cluster=id_, **request(SETTINGS, {**defaults, **new}))
        retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if active_cluster(aws, id_) is None:
            return
        if active_services(aws, id_):
            message = "The Cluster cannot be deleted while Services are active."
            raise refuse("DeleteCluster", message, "ClusterContainsServicesException")
        found(aws.client("ecs").delete_cluster, "ClusterNotFoundException", cluster=id_)


class ClusterCapacityProviders(Handler):
    token = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
    replace_on = frozenset({"clusterName"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(CAPACITY, inputs, "clusterName")
        for provider in sorted(set(inputs.get("capacityProviders") or ()) - FARGATE):
            faults.append(Fault("capacityProviders", f"not supported by the local AWS: {provider}"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        _put_capacity(aws, inputs)
        return str(inputs["clusterName"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        cluster = active_cluster(aws, id_)
        if cluster is None:
            return None
        return {**reported(CAPACITY, cluster, inputs), "clusterName": cluster["clusterName"]}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _put_capacity(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if active_cluster(aws, id_):
            _put_capacity(aws, {"clusterName": id_})


def refuse_strategy(operation: str, providers: Sequence[str], strategy: Sequence[Mapping[str, Any]]) -> None:
    """Raises AwsError unless the strategy is of the cluster's `providers` and says where tasks go."""
    for item in strategy:
        if item["capacityProvider"] not in providers:
            message = f"The specified capacity provider '{item['capacityProvider']}' was not found in the cluster."
            raise refuse(operation, message)
    if sum(1 for item in strategy if item.get("base")) > 1:
        raise refuse(operation, "Only one capacity provider in a capacity provider strategy can have a base value.")
    if strategy and not any(item.get("weight", 0) for item in strategy):
        raise refuse(operation, "A capacity provider strategy must have one capacity provider with a weight above 0.")


def _put_capacity(aws: Aws, inputs: Mapping[str, Any]) -> None:
    operation = "PutClusterCapacityProviders"
    name = inputs["clusterName"]
    require_cluster(aws, operation, name)
    providers, strategy = inputs.get("capacityProviders") or [], inputs.get("defaultCapacityProviderStrategies") or []
    refuse_strategy(operation, providers, strategy)
    in_use = {
        item["capacityProvider"]
        for service in active_services(aws, name)
        for item in service.get("capacityProviderStrategy", ())
    }
    if in_use - set(providers):
        message = f"The specified capacity provider is in use and cannot be removed: {', '.join(sorted(in_use))}"
        raise refuse(operation, message, "ResourceInUseException")
    wanted = {"capacityProviders": providers, "defaultCapacityProviderStrategies": strategy}
    aws.client("ecs").put_cluster_capacity_providers(cluster=name, **request(CAPACITY, wanted))


HANDLERS = (Cluster(), ClusterCapacityProviders())
