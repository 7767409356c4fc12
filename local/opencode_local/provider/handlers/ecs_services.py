"""ECS services on Fargate.

Rules: service model of CreateService and UpdateService, and ECS developer guide, "Service definition parameters" and
"Stopped tasks error messages" (read 2026-11-21). A service whose tasks could never start is refused when it is made or
changed, with the reason that ECS would give for the stopped tasks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.ecs_clusters import refuse_strategy
from opencode_local.provider.handlers.ecs_parts import (
    active_services,
    camel,
    camel_block,
    camel_blocks,
    require_cluster,
    retag,
    tagging,
    tags_of,
)
from opencode_local.provider.handlers.ecs_starts import refuse_start
from opencode_local.provider.handlers.ecs_targets import refuse_targets
from opencode_local.provider.handlers.ecs_task_definitions import described_definition
from opencode_local.provider.members import Member, block, refuse, reported, request, unsupported, value

CHANGEABLE = (
    *camel("desiredCount", "platformVersion", "healthCheckGracePeriodSeconds", "propagateTags"),
    *camel("enableExecuteCommand", "availabilityZoneRebalancing"),
    value("enableEcsManagedTags", "enableECSManagedTags"),
    value("deploymentMaximumPercent", "deploymentConfiguration.maximumPercent"),
    value("deploymentMinimumHealthyPercent", "deploymentConfiguration.minimumHealthyPercent"),
    camel_block(
        "deploymentCircuitBreaker", "enable", "rollback", member="deploymentConfiguration.deploymentCircuitBreaker"
    ),
    camel_block("alarms", "alarmNames", "enable", "rollback", member="deploymentConfiguration.alarms"),
    camel_blocks("capacityProviderStrategies", "capacityProvider", "base", "weight", member="capacityProviderStrategy"),
    camel_blocks("loadBalancers", "containerName", "containerPort", "targetGroupArn"),
)
FIXED = (*camel("launchType", "schedulingStrategy"), camel_block("deploymentController", "type"))
NETWORK = camel("subnets", "securityGroups", "assignPublicIp")
UNSET: Mapping[str, Any] = {
    "enableExecuteCommand": False,
    "enableEcsManagedTags": False,
    "propagateTags": "NONE",
    "capacityProviderStrategies": [],
    "healthCheckGracePeriodSeconds": 0,
    "deploymentMaximumPercent": 200,
    "deploymentMinimumHealthyPercent": 100,
    "availabilityZoneRebalancing": "ENABLED",
}
"""What ECS does when nothing is declared."""
TABLE: tuple[Member, ...] = (
    *CHANGEABLE,
    *FIXED,
    block("networkConfiguration", *NETWORK, member="networkConfiguration"),
)
ONLY_HERE = ("name", "cluster", "taskDefinition", "forceDelete", "forceNewDeployment", "triggers", "waitForSteadyState")


class Service(Handler):
    token = "aws:ecs/service:Service"
    replace_on = frozenset({"name", "cluster", "launchType", "schedulingStrategy", "deploymentController"})
    filled_by_aws = frozenset({"launchType", "platformVersion", "availabilityZoneRebalancing", "deploymentController"})
    auto_name = AutoName("name", 255)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(TABLE, inputs, *ONLY_HERE)
        for name in ("cluster", "taskDefinition", "networkConfiguration"):
            if not inputs.get(name):
                faults.append(Fault(name, "required by the local AWS, which knows services on Fargate only"))
        if inputs.get("schedulingStrategy", "REPLICA") != "REPLICA":
            faults.append(Fault("schedulingStrategy", "Fargate supports REPLICA only"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        definition = _refuse(aws, "CreateService", inputs)
        client, cluster = aws.client("ecs"), inputs["cluster"]
        settings = _settings({"desiredCount": 0, **inputs})
        made = client.create_service(
            cluster=cluster,
            serviceName=inputs["name"],
            taskDefinition=definition["taskDefinitionArn"],
            **settings,
            **request(FIXED, inputs),
            **tagging(inputs),
        )
        # The embedded AWS forgets part of it, but keeps all that an update says.
        client.update_service(cluster=cluster, service=inputs["name"], **settings)
        return str(made["service"]["serviceArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        service = _described(aws, id_)
        if service is None:
            return None
        if service.get("capacityProviderStrategy"):
            del service["launchType"]
        return {
            **reported([*CHANGEABLE, *FIXED], service, inputs),
            "name": service["serviceName"],
            "cluster": _as_declared(service["clusterArn"], inputs.get("cluster")),
            "taskDefinition": _as_declared(service["taskDefinition"], inputs.get("taskDefinition")),
            "networkConfiguration": _network(service["networkConfiguration"]["awsvpcConfiguration"]),
            "tagsAll": tags_of(service),
            "arn": id_,
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        definition = _refuse(aws, "UpdateService", new, id_)
        strategies = "capacityProviderStrategies"
        if old.get(strategies) != new.get(strategies) and not new.get("forceNewDeployment"):
            message = f"{strategies}: without forceNewDeployment another strategy replaces the service, which is not"
            raise refuse("UpdateService", f"{message} supported by the local AWS")
        wanted = {**UNSET, "loadBalancers": [], **new}
        if old.get("desiredCount") == new.get("desiredCount"):
            wanted.pop("desiredCount", None)  # what scaling set since then stays
        aws.client("ecs").update_service(
            cluster=new["cluster"],
            service=id_,
            taskDefinition=definition["taskDefinitionArn"],
            forceNewDeployment=new.get("forceNewDeployment", False),
            **_settings(wanted),
        )
        retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if _described(aws, id_) is None:
            return
        cluster = id_.split("/")[-2]
        delete = aws.client("ecs").delete_service
        found(delete, "ServiceNotFoundException", cluster=cluster, service=id_, force=True)


def _settings(inputs: Mapping[str, Any]) -> dict[str, Any]:
    network = inputs["networkConfiguration"]
    return {
        **request(CHANGEABLE, inputs),
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": network["subnets"],
                "securityGroups": network.get("securityGroups") or [],
                "assignPublicIp": "ENABLED" if network.get("assignPublicIp") else "DISABLED",
            }
        },
    }


def _network(there: Mapping[str, Any]) -> Properties:
    return {**reported(NETWORK, there, {}), "assignPublicIp": there.get("assignPublicIp") == "ENABLED"}


def _described(aws: Aws, arn: str) -> dict[str, Any] | None:
    describe = aws.client("ecs").describe_services
    answer = found(describe, "ClusterNotFoundException", cluster=arn.split("/")[-2], services=[arn], include=["TAGS"])
    services = answer["services"] if answer else []
    return next((dict(service) for service in services if service["status"] == "ACTIVE"), None)


def _as_declared(arn: str, declared: str | None) -> str:
    """The name, where it was declared by name."""
    return declared if declared and arn.endswith(f"/{declared}") else arn


def _refuse(aws: Aws, operation: str, inputs: Properties, arn: str = "") -> Mapping[str, Any]:
    """The task definition; raises AwsError for what ECS, unlike the embedded one, would not take."""
    cluster = require_cluster(aws, operation, inputs["cluster"])
    strategy = inputs.get("capacityProviderStrategies") or []
    if strategy and inputs.get("launchType"):
        message = (
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
        raise refuse(operation, message)
    refuse_strategy(operation, cluster.get("capacityProviders", ()), strategy)
    if not arn and any(each["serviceName"] == inputs["name"] for each in active_services(aws, cluster["clusterArn"])):
        raise refuse(operation, "Creation of service was not idempotent.")
    if inputs.get("healthCheckGracePeriodSeconds") and not inputs.get("loadBalancers"):
        message = "Health check grace period is only valid for services configured to use load balancers"
        raise refuse(operation, message)
    definition = described_definition(aws, inputs["taskDefinition"])
    if definition is None:
        raise refuse(operation, "Unable to find active task definition.", "ClientException")
    refuse_targets(aws, operation, inputs, definition)
    refuse_start(aws, operation, definition)
    return definition


HANDLERS = (Service(),)
