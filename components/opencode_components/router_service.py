"""The router as an ECS service on Fargate."""

import json
from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.router_container import CONTAINER, PORT, checked_drain, container_definition, digest
from opencode_components.router_group import task_group
from opencode_components.router_image import checked_platform
from opencode_components.router_scaling import (
    ON_DEMAND,
    SPOT,
    ScaledService,
    capacity_strategies,
    checked_load,
    checked_share,
    checked_tasks,
    scaling,
)
from opencode_components.sizes import checked_size
from opencode_components.verified import verified

GRACE_S = 60
"""From the start of a task until its health counts: ten times what the router needs."""


class Sizing(TypedDict):
    """The plain args of a RouterService: what can be checked before anything is there."""

    architecture: str
    cpu: int
    memory_mib: int
    min_tasks: int
    max_tasks: int
    spot_percent: int
    requests_per_task_per_minute: int
    drain_s: int


class RouterServiceArgs(TypedDict):
    """What a RouterService is made from."""

    region: str
    """AWS region. Plain, because the log's configuration names it."""
    vpc_id: Input[str]
    """VPC of the subnets."""
    subnet_ids: Input[Sequence[str]]
    """Subnets of the tasks, in two zones at least."""
    assign_public_ip: Input[bool]
    """Whether tasks get a public address; needed in public subnets to get out, and nothing gets in by it."""
    endpoint_client_security_group_id: Input[str]
    """A group that the tasks join, whose members may reach the VPC's interface endpoints."""
    load_balancer_security_group_id: Input[str]
    """The only group that may reach the tasks."""
    target_group_arn: Input[str]
    """Where the tasks are registered."""
    listener_rule_arns: Input[Sequence[str]]
    """Rules that lead to the target group: ECS refuses one that no load balancer uses, so the service waits."""
    request_label: Input[str]
    """`app/<load balancer>/targetgroup/<target group>`, the ends of the two ARNs, by which requests are counted."""
    image_uri: Input[str]
    """The image, by digest."""
    variables: Input[Mapping[str, str]]
    """Environment variables of the router, by the names in docs/gateway.md. None may be secret."""
    log_group_name: Input[str]
    """Where the router's log goes."""
    task_role_arn: Input[str]
    """What the router may do."""
    execution_role_arn: Input[str]
    """What ECS may do to start it."""
    architecture: str
    """`ARM64` or `X86_64`. Plain, because it is checked."""
    cpu: int
    """CPU units of a task; 1,024 are one vCPU. Plain, because it is checked."""
    memory_mib: int
    """Memory of a task in MiB, one that Fargate has with `cpu`. Plain, because it is checked."""
    min_tasks: int
    """Tasks that always run. Plain, because it is checked."""
    max_tasks: int
    """Tasks at most. Plain, because it is checked."""
    spot_percent: int
    """Share of the tasks beyond the first that run on Spot capacity. Plain, because it decides which capacity is asked
    for."""
    requests_per_task_per_minute: int
    """Load at which there are more tasks. Plain, because it is checked."""
    drain_s: int
    """Seconds that open answers may go on when a task stops, 110 at most. Plain, because it is checked."""


class RouterService(pulumi.ComponentResource):
    """A cluster with the router's tasks, spread over the zones of their subnets, reached by the load balancer alone.

    Raises ValueError on args that cannot be, each with its key, value, reason and fix.
    """

    cluster_name: Output[str]
    """Name of the cluster."""
    service_name: Output[str]
    """Name of the service."""
    security_group_id: Output[str]
    """Security group of the tasks."""

    def __init__(self, name: str, args: RouterServiceArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:RouterService", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        region = args["region"]
        tasks, load = checked_sizing(args)

        group = task_group(name, region, args["vpc_id"], args["load_balancer_security_group_id"], of_self)
        cluster = aws.ecs.Cluster(
            name,
            region=region,
            settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="disabled")],
            opts=of_self,
        )
        providers = aws.ecs.ClusterCapacityProviders(
            name, region=region, cluster_name=cluster.name, capacity_providers=[ON_DEMAND, SPOT], opts=of_self
        )
        definition = task_definition(name, args, cluster, of_self)
        service = router_service(name, args, (providers, definition, group), of_self)
        scaled = ScaledService(name, region, cluster.name, service.name, of_self)
        scaling(scaled, tasks, args["request_label"], load)

        self.cluster_name = cluster.name
        self.service_name = service.name
        self.security_group_id = group.id
        self.register_outputs(
            {
                "cluster_name": self.cluster_name,
                "service_name": self.service_name,
                "security_group_id": self.security_group_id,
            }
        )


def checked_sizing(sizing: Sizing | RouterServiceArgs) -> tuple[tuple[int, int], int]:
    """Least and most tasks, and the load at which there are more. Raises ValueError on the first arg that cannot be."""
    checked_platform(sizing["architecture"])
    checked_size(sizing["cpu"], sizing["memory_mib"])
    checked_share(int(sizing["spot_percent"]))
    checked_drain(int(sizing["drain_s"]))
    tasks = checked_tasks(int(sizing["min_tasks"]), int(sizing["max_tasks"]))
    return tasks, checked_load(int(sizing["requests_per_task_per_minute"]))


def task_definition(
    name: str, args: RouterServiceArgs, cluster: aws.ecs.Cluster, of_self: ResourceOptions
) -> aws.ecs.TaskDefinition:
    """Its family bears the cluster's name, which AWS knows once."""
    container = Output.all(
        image_uri=verified("image_uri", args["image_uri"], digest),
        variables=args["variables"],
        log_group_name=args["log_group_name"],
    ).apply(
        lambda known: json.dumps([container_definition(**known, region=args["region"], drain_s=int(args["drain_s"]))])
    )
    return aws.ecs.TaskDefinition(
        name,
        region=args["region"],
        family=cluster.name,
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu=str(int(args["cpu"])),
        memory=str(int(args["memory_mib"])),
        runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
            operating_system_family="LINUX", cpu_architecture=args["architecture"]
        ),
        task_role_arn=args["task_role_arn"],
        execution_role_arn=args["execution_role_arn"],
        container_definitions=container,
        opts=of_self,
    )


def router_service(
    name: str,
    args: RouterServiceArgs,
    parts: tuple[aws.ecs.ClusterCapacityProviders, aws.ecs.TaskDefinition, aws.ec2.SecurityGroup],
    of_self: ResourceOptions,
) -> aws.ecs.Service:
    """Runs the definition, and is there once it does; a release whose tasks do not become healthy is rolled back.

    How many tasks run is the scaling's to say: the number here only counts for the first time.
    """
    providers, definition, group = parts
    return aws.ecs.Service(
        name,
        region=args["region"],
        cluster=providers.cluster_name,
        task_definition=definition.arn,
        desired_count=int(args["min_tasks"]),
        capacity_provider_strategies=capacity_strategies(int(args["spot_percent"])),
        force_new_deployment=True,  # without it another Spot share would replace the service
        availability_zone_rebalancing="ENABLED",
        deployment_minimum_healthy_percent=100,
        deployment_maximum_percent=200,
        deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
        health_check_grace_period_seconds=GRACE_S,
        enable_execute_command=False,
        enable_ecs_managed_tags=True,
        propagate_tags="SERVICE",
        wait_for_steady_state=True,
        network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
            subnets=args["subnet_ids"],
            security_groups=[group.id, args["endpoint_client_security_group_id"]],
            assign_public_ip=args["assign_public_ip"],
        ),
        load_balancers=[registration(args)],
        opts=ResourceOptions.merge(of_self, ResourceOptions(ignore_changes=["desired_count"])),
    )


def registration(args: RouterServiceArgs) -> aws.ecs.ServiceLoadBalancerArgs:
    """The target group, known once rules lead to it."""
    used = Output.all(args["target_group_arn"], args["listener_rule_arns"]).apply(lambda known: str(known[0]))
    return aws.ecs.ServiceLoadBalancerArgs(target_group_arn=used, container_name=CONTAINER, container_port=PORT)
