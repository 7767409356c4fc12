"""Everything that an ECS service needs, and the inputs to declare one."""

import json
from dataclasses import dataclass
from typing import Any

from tests.local.provider.declaring import Made, Program
from tests.local.provider.gateway_site import (
    Network,
    a_balancer,
    a_listener,
    a_network,
    a_role,
    a_rule,
    a_target_group,
)

CLUSTER = "aws:ecs/cluster:Cluster"
PROVIDERS = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"
SPOT = [{"capacityProvider": "FARGATE", "base": 1, "weight": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 1}]
ON_DEMAND = [{"capacityProvider": "FARGATE", "weight": 1}]


def containers(**change: Any) -> str:
    options = {"awslogs-group": "/router", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "router"}
    container = {
        "name": "router",
        "image": "public.ecr.aws/router@sha256:00",
        "portMappings": [{"containerPort": 8080}],
        "readonlyRootFilesystem": True,
        "stopTimeout": 120,
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    return json.dumps([{**container, **change}])


@dataclass(frozen=True)
class Site:
    """Everything that a service needs."""

    program: Program
    network: Network
    balancer: Made
    group: Made
    cluster: Made
    providers: Made
    role: Made
    definition: Made

    def inputs(self, **change: Any) -> dict[str, Any]:
        return {
            "cluster": self.cluster["name"],
            "taskDefinition": self.definition["arn"],
            "desiredCount": 2,
            "capacityProviderStrategies": ON_DEMAND,
            "networkConfiguration": {
                "subnets": list(self.network.subnet_ids),
                "securityGroups": [self.network.group_id],
                "assignPublicIp": True,
            },
            "loadBalancers": [{"targetGroupArn": self.group["arn"], "containerName": "router", "containerPort": 8080}],
            **change,
        }

    def task(self, **change: Any) -> dict[str, Any]:
        return {
            "family": "router",
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "512",
            "memory": "1024",
            "executionRoleArn": self.role["arn"],
            "taskRoleArn": self.role["arn"],
            "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            "containerDefinitions": containers(),
            **change,
        }


def a_site(program: Program) -> Site:
    network = a_network(program)
    balancer, group = a_balancer(program, network), a_target_group(program, network)
    a_rule(program, a_listener(program, balancer), group)
    program.client("logs").create_log_group(logGroupName="/router")
    cluster = program.declare(CLUSTER, settings=[{"name": "containerInsights", "value": "disabled"}])
    providers = program.declare(PROVIDERS, clusterName=cluster["name"], capacityProviders=["FARGATE", "FARGATE_SPOT"])
    role = a_role(program)
    site = Site(program, network, balancer, group, cluster, providers, role, definition=role)
    return Site(**{**vars(site), "definition": program.declare(TASK_DEFINITION, **site.task())})
