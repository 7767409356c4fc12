"""Clusters, task definitions, services and their scaling."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.gateway_site import (
    Network,
    a_balancer,
    a_listener,
    a_network,
    a_role,
    a_rule,
    a_target_group,
    trust,
)
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

CLUSTER = "aws:ecs/cluster:Cluster"
PROVIDERS = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"
TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"
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


@pytest.fixture
def site(program: Program) -> Site:
    return a_site(program)


@pytest.fixture(scope="module")
def shared_site(shared_program: Program) -> Site:
    return a_site(shared_program)


def test_a_cluster_changes_in_place_and_leaves_nothing(program: Program) -> None:
    cluster = program.declare(CLUSTER, name="api", settings=[{"name": "containerInsights", "value": "disabled"}])

    cluster = lives_and_changes(
        program,
        cluster,
        dict.fromkeys(["settings", "tags"]),
        name="api",
        settings=[{"name": "containerInsights", "value": "enhanced"}],
        tags={"Name": "api"},
    )

    assert program.plan(cluster, name="other")["name"] is True
    leaves_nothing(program, cluster)
    assert program.declare(CLUSTER, name="api").id == cluster.id


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"settings": [{"name": "insights", "value": "enabled"}]}, "enum value set"),
        ({"settings": [{"name": "containerInsights", "value": "on"}]}, "expected one of enabled"),
    ],
)
def test_a_cluster_that_aws_would_refuse_is_refused(shared_program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(CLUSTER, **bad)


def test_capacity_changes_in_place_and_leaves_nothing(program: Program) -> None:
    name = program.declare(CLUSTER)["name"]
    providers = program.declare(PROVIDERS, clusterName=name, capacityProviders=["FARGATE"])

    providers = lives_and_changes(
        program,
        providers,
        dict.fromkeys(["capacityProviders", "defaultCapacityProviderStrategies"]),
        clusterName=name,
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategies=SPOT,
    )

    program.remove(providers)
    described = program.client("ecs").describe_clusters(clusters=[name])["clusters"][0]
    assert not described.get("capacityProviders")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"clusterName": "none"}, "ClusterNotFoundException"),
        ({"capacityProviders": ["FARGATE_CHEAP"]}, "not supported by the local AWS"),
        ({"defaultCapacityProviderStrategies": SPOT}, "was not found in the cluster"),
        ({"defaultCapacityProviderStrategies": [{"capacityProvider": "FARGATE"}]}, "weight above 0"),
        ({"defaultCapacityProviderStrategies": [{**ON_DEMAND[0], "weight": 1001}]}, "less than or equal to 1000"),
    ],
)
def test_capacity_that_aws_would_refuse_is_refused(shared_site: Site, bad: dict[str, Any], why: str) -> None:
    inputs = {"clusterName": shared_site.cluster["name"], "capacityProviders": ["FARGATE"], **bad}

    with pytest.raises(Refused, match=why):
        shared_site.program.declare(PROVIDERS, **inputs)


def test_another_revision_replaces_a_task_definition(site: Site) -> None:
    program, first = site.program, site.definition
    assert_as_declared(program, first)
    changed = site.task(containerDefinitions=containers(stopTimeout=60))
    assert program.plan(first, **changed) == {"containerDefinitions": True}

    second = program.declare(TASK_DEFINITION, **changed)

    assert (first["revision"], second["revision"]) == (1, 2)
    assert second["arn"] == f"{second['arnWithoutRevision']}:2"
    program.remove(first)
    assert program.drift(second) == {}
    leaves_nothing(program, second)
    assert not program.client("ecs").list_task_definitions()["taskDefinitionArns"]


def test_a_task_definition_is_written_in_any_layout(site: Site) -> None:
    spaced = json.dumps(json.loads(containers()), indent=2)

    assert site.program.plan(site.definition, **site.task(containerDefinitions=spaced)) == {}


def test_a_task_definition_is_tagged_in_place(site: Site) -> None:
    lives_and_changes(site.program, site.definition, {"tags": None}, **site.task(tags={"Name": "router"}))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"cpu": "512", "memory": "8192"}, "No Fargate configuration exists"),
        ({"cpu": "300"}, "No Fargate configuration exists"),
        ({"memory": None}, "No Fargate configuration exists"),
        ({"networkMode": "bridge"}, "awsvpc"),
        ({"requiresCompatibilities": ["LAMBDA"]}, "enum value set"),
        ({"family": "a b"}, "Invalid family name"),
        ({"taskRoleArn": "arn:aws:iam::123456789012:role/none"}, "Role is not valid"),
        ({"executionRoleArn": None}, "execution role ARN to support log driver awslogs"),
        ({"runtimePlatform": {"cpuArchitecture": "MIPS"}}, "enum value set"),
        ({"containerDefinitions": "[{"}, "container_definitions is invalid"),
        ({"containerDefinitions": "[]"}, "one at least"),
        ({"containerDefinitions": containers(image=None)}, "must be of type string|not be null"),
        ({"containerDefinitions": containers(stopTimeout=121)}, "at most 120"),
        ({"containerDefinitions": containers(stopTimeOut=1)}, "extraneous key"),
        ({"containerDefinitions": containers(privileged=True)}, "privileged"),
        ({"containerDefinitions": containers(essential=False)}, "must be essential"),
        ({"containerDefinitions": containers(cpu=1024)}, "sum of all container cpu"),
        ({"containerDefinitions": containers(portMappings=[{"containerPort": 1, "hostPort": 2}])}, "must match"),
        ({"containerDefinitions": containers(mountPoints=[{"sourceVolume": "tmp"}])}, "Unknown volume 'tmp'"),
        ({"containerDefinitions": containers(logConfiguration={"logDriver": "awslogs"})}, "requires options"),
        ({"volumes": [{"name": "tmp", "hostPath": "/tmp"}]}, "not supported by the local AWS"),
    ],
)
def test_a_task_definition_that_aws_would_refuse_is_refused(shared_site: Site, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        shared_site.program.declare(TASK_DEFINITION, **shared_site.task(**bad))


def test_a_service_changes_in_place_and_leaves_nothing(site: Site) -> None:
    program = site.program
    service = program.declare(
        SERVICE,
        **site.inputs(
            deploymentCircuitBreaker={"enable": True, "rollback": True},
            enableEcsManagedTags=True,
            healthCheckGracePeriodSeconds=60,
            propagateTags="SERVICE",
            waitForSteadyState=True,
        ),
    )

    service = lives_and_changes(
        program,
        service,
        dict.fromkeys(
            [
                *("capacityProviderStrategies", "deploymentCircuitBreaker", "deploymentMinimumHealthyPercent"),
                *("desiredCount", "enableEcsManagedTags", "forceNewDeployment", "healthCheckGracePeriodSeconds"),
                *("networkConfiguration", "propagateTags", "tags", "waitForSteadyState"),
            ]
        ),
        **site.inputs(
            capacityProviderStrategies=SPOT,
            desiredCount=3,
            deploymentMinimumHealthyPercent=50,
            forceNewDeployment=True,
            networkConfiguration={"subnets": list(site.network.subnet_ids), "securityGroups": [site.network.group_id]},
            tags={"Name": "router"},
        ),
    )

    leaves_nothing(program, service)


def test_a_service_that_is_scaled_keeps_its_tasks_through_an_update(site: Site) -> None:
    service = site.program.declare(SERVICE, **site.inputs())
    ecs = site.program.client("ecs")
    ecs.update_service(cluster=site.cluster["name"], service=service["name"], desiredCount=7)
    assert site.program.drift(service) == {"desiredCount": 7}

    after = site.program.change(service, **site.inputs(enableExecuteCommand=True))

    assert after["desiredCount"] == 7


def test_another_cluster_is_another_service_and_another_strategy_needs_a_new_deployment(site: Site) -> None:
    service = site.program.declare(SERVICE, **site.inputs())

    assert site.program.plan(service, **site.inputs(cluster="other")) == {"cluster": True}
    with pytest.raises(Refused, match="forceNewDeployment"):
        site.program.change(service, **site.inputs(capacityProviderStrategies=SPOT))


def test_what_a_service_uses_is_not_removed_before_it(site: Site) -> None:
    service = site.program.declare(SERVICE, **site.inputs())

    with pytest.raises(Refused, match="in use and cannot be removed"):
        site.program.remove(site.providers)
    with pytest.raises(Refused, match="ClusterContainsServicesException"):
        site.program.remove(site.cluster)
    with pytest.raises(Refused, match="not idempotent"):
        site.program.declare(SERVICE, **site.inputs(name=service["name"]))

    for made in (service, site.providers, site.cluster):
        site.program.remove(made)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"cluster": "none"}, "ClusterNotFoundException"),
        ({"taskDefinition": "none"}, "Unable to find active task definition"),
        ({"launchType": "FARGATE"}, "both a launch type and capacity provider strategy"),
        ({"capacityProviderStrategies": [{"capacityProvider": "EC2", "weight": 1}]}, "was not found in the cluster"),
        ({"networkConfiguration": {"subnets": ["subnet-00000000000000000"]}}, "retrieving subnet information"),
        ({"loadBalancers": [], "healthCheckGracePeriodSeconds": 5}, "grace period is only valid"),
        ({"propagateTags": "ALL"}, "enum value set"),
        ({"schedulingStrategy": "DAEMON"}, "REPLICA only"),
        ({"networkConfiguration": None}, "required by the local AWS"),
        ({"iamRole": "arn:aws:iam::1:role/ecs"}, "not supported by the local AWS"),
    ],
)
def test_a_service_that_aws_would_refuse_is_refused(shared_site: Site, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        shared_site.program.declare(SERVICE, **shared_site.inputs(**bad))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"targetGroupArn": "arn:none"}, "does not exist"),
        ({"containerName": "sidecar"}, "container sidecar does not exist"),
        ({"containerPort": 9090}, "did not have a container port 9090"),
    ],
)
def test_a_service_is_not_reached_by_what_does_not_fit(shared_site: Site, bad: dict[str, Any], why: str) -> None:
    balancer = {**shared_site.inputs()["loadBalancers"][0], **bad}

    with pytest.raises(Refused, match=why):
        shared_site.program.declare(SERVICE, **shared_site.inputs(loadBalancers=[balancer]))


def test_a_target_group_must_be_of_addresses_in_the_vpc_and_lead_somewhere(site: Site) -> None:
    program = site.program
    idle, by_instance = a_target_group(program, site.network), a_target_group(program, site.network, targetType=None)
    a_rule(program, a_listener(program, site.balancer, port=81), by_instance)

    for group, why in ((idle, "does not have an associated load balancer"), (by_instance, "incompatible with")):
        balancer = {**site.inputs()["loadBalancers"][0], "targetGroupArn": group["arn"]}
        with pytest.raises(Refused, match=why):
            program.declare(SERVICE, **site.inputs(loadBalancers=[balancer]))


@pytest.mark.parametrize(
    ("policy", "is_admitted"),
    [
        (trust("ecs-tasks.amazonaws.com"), True),
        (trust("ecs-tasks.amazonaws.com", ArnLike={"aws:SourceArn": "arn:aws:ecs:us-east-1:*:*"}), True),
        (trust("ecs.amazonaws.com"), False),
        (trust("ecs-tasks.amazonaws.com", StringEquals={"aws:SourceAccount": "111111111111"}), False),
    ],
)
def test_tasks_start_only_with_a_role_that_trusts_them(site: Site, policy: str, is_admitted: bool) -> None:
    role = site.program.declare("aws:iam/role:Role", assumeRolePolicy=policy)
    definition = site.program.declare(TASK_DEFINITION, **site.task(taskRoleArn=role["arn"]))
    inputs = site.inputs(taskDefinition=definition["arn"])

    if is_admitted:
        assert site.program.declare(SERVICE, **inputs)["taskDefinition"] == definition["arn"]
    else:
        with pytest.raises(Refused, match="unable to assume the role"):
            site.program.declare(SERVICE, **inputs)


def test_tasks_start_only_with_an_image_and_a_log_group_that_are_there(site: Site) -> None:
    program = site.program
    image = f"{program.aws.account_id}.dkr.ecr.us-east-1.amazonaws.com/router@sha256:{'0' * 64}"
    definition = program.declare(TASK_DEFINITION, **site.task(containerDefinitions=containers(image=image)))

    with pytest.raises(Refused, match="CannotPullContainerError"):
        program.declare(SERVICE, **site.inputs(taskDefinition=definition["arn"]))
    program.client("logs").delete_log_group(logGroupName="/router")
    with pytest.raises(Refused, match="the log group /router does not exist"):
        program.declare(SERVICE, **site.inputs())


def a_target(site: Site, service: Made, **change: Any) -> Made:
    resource_id = f"service/{site.cluster['name']}/{service['name']}"
    scaled = {"serviceNamespace": "ecs", "resourceId": resource_id, "scalableDimension": "ecs:service:DesiredCount"}
    return site.program.declare(TARGET, **scaled, **{"minCapacity": 2, "maxCapacity": 10, **change})


def tracking(metric: str = "ECSServiceAverageCPUUtilization", **change: Any) -> dict[str, Any]:
    return {"targetValue": 60, "predefinedMetricSpecification": {"predefinedMetricType": metric}, **change}


def scaled_of(target: Made) -> dict[str, Any]:
    return {name: target[name] for name in ("serviceNamespace", "resourceId", "scalableDimension")}


def test_scaling_changes_in_place_and_leaves_nothing(site: Site) -> None:
    program = site.program
    target = a_target(site, program.declare(SERVICE, **site.inputs()))
    policy = program.declare(
        POLICY,
        **scaled_of(target),
        policyType="TargetTrackingScaling",
        targetTrackingScalingPolicyConfiguration=tracking(),
    )

    target = lives_and_changes(
        program,
        target,
        dict.fromkeys(["maxCapacity", "tags"]),
        **scaled_of(target),
        minCapacity=2,
        maxCapacity=20,
        tags={"Name": "tasks"},
    )
    metric = "ALBRequestCountPerTarget"
    label = f"{site.balancer['arnSuffix']}/{site.group['arnSuffix']}"
    by_requests = {"predefinedMetricType": metric, "resourceLabel": label}
    policy = lives_and_changes(
        program,
        policy,
        {"targetTrackingScalingPolicyConfiguration": None},
        **scaled_of(target),
        policyType="TargetTrackingScaling",
        targetTrackingScalingPolicyConfiguration=tracking(
            predefinedMetricSpecification=by_requests, scaleInCooldown=300, scaleOutCooldown=60
        ),
    )

    leaves_nothing(program, policy)
    leaves_nothing(program, target)
    assert not program.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert "scalable target tags" not in program.aws.store.kinds()


def test_scaling_that_is_changed_by_hand_shows(site: Site) -> None:
    target = a_target(site, site.program.declare(SERVICE, **site.inputs()))
    wanted = {"ServiceNamespace": "ecs", "ResourceId": target.id, "ScalableDimension": "ecs:service:DesiredCount"}
    site.program.client("application-autoscaling").register_scalable_target(**wanted, MinCapacity=5)

    assert site.program.drift(target) == {"minCapacity": 5}


def test_scaling_that_aws_would_refuse_is_refused(site: Site) -> None:
    program = site.program
    service = program.declare(SERVICE, **site.inputs())
    of_target = scaled_of(target := a_target(site, service))
    kind = {"policyType": "TargetTrackingScaling"}
    configuration = "targetTrackingScalingPolicyConfiguration"
    by_requests = tracking("ALBRequestCountPerTarget")

    with pytest.raises(Refused, match="cannot be less than minimum"):
        a_target(site, service, minCapacity=11)
    with pytest.raises(Refused, match="not supported by the local AWS"):
        program.declare(TARGET, **{**of_target, "serviceNamespace": "dynamodb"}, minCapacity=1, maxCapacity=2)
    with pytest.raises(Refused, match="ECS service doesn't exist"):
        program.declare(TARGET, **{**of_target, "resourceId": "service/a/b"}, minCapacity=1, maxCapacity=2)
    with pytest.raises(Refused, match="The resource label '' is not"):
        program.declare(POLICY, **of_target, **kind, **{configuration: by_requests})
    with pytest.raises(Refused, match="enum value set"):
        program.declare(POLICY, **of_target, **kind, **{configuration: tracking("Requests")})
    with pytest.raises(Refused, match="only TargetTrackingScaling"):
        program.declare(POLICY, **of_target)
    program.remove(target)
    with pytest.raises(Refused, match="No scalable target found"):
        program.declare(POLICY, **of_target, **kind, **{configuration: tracking()})
