"""Clusters and task definitions."""

import json
from typing import Any

import pytest

from tests.local.provider.declaring import Program, Refused
from tests.local.provider.ecs_site import (
    CLUSTER,
    ON_DEMAND,
    PROVIDERS,
    SPOT,
    TASK_DEFINITION,
    Site,
    a_site,
    containers,
)
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes


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
