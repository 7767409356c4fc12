"""The router's tasks: what they are started with, where, how many, and how they go."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from opencode_components import Api, RouterImage, RouterImageArgs
from opencode_components.router_container import SET_BY_COMPONENT
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.iam import evaluate
from opencode_components.testing.plugin import Deploy
from opencode_router.catalogue.choose import order
from opencode_router.gateway import FLUSH_S
from opencode_router.settings import Settings
from tests.components.api_program import (
    CLIENT_CONFIG,
    IMAGE,
    ISSUER,
    JWKS_URL,
    PROFILES,
    REGION,
    RELEASES,
    an_api,
    api_args,
)

SERVICE, TASK = "aws:ecs/service:Service", "aws:ecs/taskDefinition:TaskDefinition"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
SCALING = "aws:appautoscaling/policy:Policy"


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(an_api())


@pytest.fixture(scope="module")
def service(graph: Graph) -> Resource:
    return graph.one(SERVICE)


def container(graph: Graph) -> dict[str, Any]:
    (only,) = json.loads(graph.one(TASK).inputs["containerDefinitions"])
    return dict(only)


def variables(graph: Graph) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(graph)["environment"]}


def settings(graph: Graph) -> Settings:
    return Settings.load(variables(graph))


def waits_for(graph: Graph, resource: Resource) -> set[str]:
    """URNs of all that exists before the resource is made."""
    found: set[str] = set()
    urns = set(resource.dependencies)
    while urns:
        found |= urns
        urns = {d for r in graph if r.urn in urns for d in r.dependencies} - found
    return found


def test_the_router_understands_its_environment(graph: Graph) -> None:
    read = settings(graph)

    assert (read.aws_region, read.port) == (REGION, 8080)
    assert (read.oidc_issuer, read.oidc_jwks_url) == (ISSUER, JWKS_URL)
    assert read.oidc_audiences == ("gateway-cli", "gateway-browser")
    assert (read.oidc_audience_claim, read.oidc_token_uses) == ("client_id", ("access",))
    assert (read.keys_table, read.usage_table) == ("dev-keys", "dev-usage")
    assert read.bedrock_profiles == PROFILES


def test_without_profiles_the_router_tries_none(deploy: Deploy) -> None:
    read = settings(deploy(an_api(inference_profiles=[], token_uses=[])))

    assert order(REGION, read.bedrock_profiles) == ("region",)
    assert read.oidc_token_uses == ()


def test_what_clients_need_to_sign_in_reaches_the_router_as_it_was_given(graph: Graph) -> None:
    read = settings(graph)

    assert json.loads(variables(graph)["CLIENT_CONFIG"]) == CLIENT_CONFIG
    assert read.client_config is not None
    assert read.client_config.callback_ports == (8080, 19876)
    assert read.client_config.revocation_endpoint is None


def test_an_api_that_is_told_nothing_for_clients_tells_them_nothing(deploy: Deploy) -> None:
    args = api_args()
    del args["client_config"]

    assert settings(deploy(lambda: Api("dev-api", args))).client_config is None


def test_an_api_without_releases_knows_no_bucket_and_may_read_none(deploy: Deploy, graph: Graph) -> None:
    args = api_args()
    del args["releases_bucket_name"], args["releases_bucket_arn"]
    without = deploy(lambda: Api("dev-api", args))

    def may_read(of: Graph) -> bool:
        return evaluate(of, of.one("aws:iam/role:Role", "*-task"), "s3:GetObject", f"{RELEASES}/releases/x").allowed

    assert (variables(graph)["RELEASES_BUCKET"], may_read(graph)) == ("dev-releases", True)
    assert ("RELEASES_BUCKET" in variables(without), may_read(without)) == (False, False)


@pytest.mark.parametrize("alone", ["releases_bucket_name", "releases_bucket_arn"])
def test_a_bucket_of_releases_is_given_by_name_and_arn_or_not_at_all(deploy: Deploy, alone: str) -> None:
    args: dict[str, object] = {**api_args()}
    del args[alone]

    with pytest.raises(ValueError, match=r"releases_bucket_arn: .* is given alone.*; give releases_bucket_name and"):
        deploy(lambda: Api("dev-api", args))  # type: ignore[arg-type]  # one key is missing on purpose


def test_further_settings_reach_the_router(deploy: Deploy) -> None:
    graph = deploy(an_api(router_environment={"LOG_LEVEL": "DEBUG", "BEDROCK_AUTH": "sigv4"}))

    assert settings(graph).log_level == "DEBUG"


def test_what_the_component_sets_cannot_be_set_otherwise(graph: Graph) -> None:
    assert set(variables(graph)) == SET_BY_COMPONENT


@pytest.mark.parametrize("idle_timeout_s", [60, 300, 900, 4000])
def test_the_router_gives_up_before_the_load_balancer_does(deploy: Deploy, idle_timeout_s: int) -> None:
    read = settings(deploy(an_api(idle_timeout_s=idle_timeout_s)))

    assert max(read.answer_timeout_s, read.first_event_timeout_s) < idle_timeout_s
    assert read.keep_alive_s < idle_timeout_s


@pytest.mark.parametrize("drain_s", [1, 30, 110])
def test_a_task_that_stops_has_time_to_drain_and_for_last_words(deploy: Deploy, drain_s: int) -> None:
    graph = deploy(an_api(drain_s=drain_s))
    stop_s = container(graph)["stopTimeout"]

    assert settings(graph).drain_s == drain_s
    assert drain_s + FLUSH_S < stop_s <= 120
    assert graph.one(TARGET_GROUP).inputs["deregistrationDelay"] == stop_s


def test_the_container_has_no_root_no_capabilities_and_nothing_to_write_to(graph: Graph) -> None:
    running = container(graph)

    assert running["image"] == IMAGE
    assert (running["user"], running["readonlyRootFilesystem"], running["essential"]) == ("1000:1000", True, True)
    assert running["linuxParameters"] == {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}}
    assert "mountPoints" not in running
    assert not {"privileged", "secrets", "command", "entryPoint"} & running.keys()
    assert running["portMappings"] == [{"containerPort": 8080, "protocol": "tcp"}]


def test_liveness_is_asked_of_the_container_and_readiness_by_the_load_balancer(graph: Graph) -> None:
    check = graph.one(TARGET_GROUP).inputs["healthCheck"]

    assert container(graph)["healthCheck"]["command"] == ["CMD", "python", "-m", "opencode_router.healthcheck"]
    assert (check["path"], check["matcher"]) == ("/ready", "200")
    assert check["interval"] * check["unhealthyThreshold"] >= 60
    assert check["timeout"] < check["interval"]


def test_the_log_never_makes_the_router_wait(graph: Graph) -> None:
    assert container(graph)["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "/opencode/dev/router",
            "awslogs-region": REGION,
            "awslogs-stream-prefix": "router",
            "mode": "non-blocking",
            "max-buffer-size": "25m",
        },
    }


def test_by_default_two_small_arm_tasks_run_in_different_zones(graph: Graph, service: Resource) -> None:
    task = graph.one(TASK).inputs

    assert task["runtimePlatform"] == {"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"}
    assert (task["cpu"], task["memory"], task["networkMode"]) == ("512", "1024", "awsvpc")
    assert task["requiresCompatibilities"] == ["FARGATE"]
    assert service.inputs["desiredCount"] == 2
    assert service.inputs["availabilityZoneRebalancing"] == "ENABLED"
    assert service.inputs["networkConfiguration"]["subnets"] == api_args()["task_subnet_ids"]


def test_tasks_join_the_endpoints_clients_and_get_addresses_as_the_network_says(deploy: Deploy) -> None:
    network = deploy(an_api(assign_public_ip=True)).one(SERVICE).inputs["networkConfiguration"]

    assert network["assignPublicIp"] is True
    assert api_args()["endpoint_client_security_group_id"] in network["securityGroups"]


def test_a_release_that_does_not_become_healthy_is_rolled_back_without_a_gap(service: Resource) -> None:
    assert service.inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service.inputs["deploymentMinimumHealthyPercent"] == 100
    assert service.inputs["deploymentMaximumPercent"] == 200
    assert service.inputs["waitForSteadyState"] is True
    assert service.inputs["enableExecuteCommand"] is False
    assert service.inputs["propagateTags"] == "SERVICE"


ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"


@pytest.mark.parametrize(
    ("spot_percent", "expected"),
    [
        (0, [{"capacityProvider": ON_DEMAND, "base": 1, "weight": 100}]),
        (70, [{"capacityProvider": ON_DEMAND, "base": 1, "weight": 30}, {"capacityProvider": SPOT, "weight": 70}]),
        (100, [{"capacityProvider": ON_DEMAND, "base": 1, "weight": 0}, {"capacityProvider": SPOT, "weight": 100}]),
    ],
)
def test_the_first_task_is_never_on_spot_capacity(
    deploy: Deploy, spot_percent: int, expected: list[dict[str, Any]]
) -> None:
    graph = deploy(an_api(spot_percent=spot_percent))

    assert graph.one(SERVICE).inputs["capacityProviderStrategies"] == expected
    offered = graph.one("aws:ecs/clusterCapacityProviders:*").inputs["capacityProviders"]
    assert {strategy["capacityProvider"] for strategy in expected} <= set(offered)


def test_tasks_come_and_go_with_load_and_processor_time(deploy: Deploy) -> None:
    graph = deploy(an_api(min_tasks=3, max_tasks=40, requests_per_task_per_minute=250))
    target, service = graph.one("aws:appautoscaling/target:Target"), graph.one(SERVICE)
    cluster = graph.one("aws:ecs/cluster:Cluster").outputs["name"]
    ends = "/".join(graph.one(kind).outputs["arnSuffix"] for kind in ("aws:lb/loadBalancer:LoadBalancer", TARGET_GROUP))
    measured = {policy.name: policy.inputs["targetTrackingScalingPolicyConfiguration"] for policy in graph.all(SCALING)}

    assert (target.inputs["minCapacity"], target.inputs["maxCapacity"]) == (3, 40)
    assert target.inputs["resourceId"] == f"service/{cluster}/{service.outputs['name']}"
    assert measured["dev-api-requests"]["predefinedMetricSpecification"] == {
        "predefinedMetricType": "ALBRequestCountPerTarget",
        "resourceLabel": ends,
    }
    assert measured["dev-api-requests"]["targetValue"] == 250
    assert measured["dev-api-cpu"]["predefinedMetricSpecification"] == {
        "predefinedMetricType": "ECSServiceAverageCPUUtilization"
    }


def test_how_many_tasks_run_is_left_to_the_scaling_after_the_first_time(service: Resource) -> None:
    assert service.ignore_changes == ("desiredCount",)


def test_the_service_starts_when_all_it_needs_is_there(graph: Graph, service: Resource) -> None:
    awaited = waits_for(graph, service)

    for kind in (
        "aws:lb/listenerRule:ListenerRule",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
    ):
        assert graph.all(kind)
        assert {resource.urn for resource in graph.all(kind)} <= awaited, kind


def test_the_image_is_pushed_before_the_service_runs_it(deploy: Deploy) -> None:
    graph = deploy(image_and_api())

    assert graph.one("awsx:ecr:Image").urn in waits_for(graph, graph.one(SERVICE))


def image_and_api() -> Callable[[], None]:
    def program() -> None:
        image = RouterImage(
            "dev-router", RouterImageArgs(context=".", dockerfile="router/Dockerfile", architecture="ARM64")
        )
        Api("dev-api", api_args(image_uri=image.image_uri, repository_arn=image.repository_arn))

    return program


@pytest.mark.parametrize("image_uri", [IMAGE.partition("@")[0], "router:latest"])
def test_an_image_is_run_by_digest_or_not_at_all(deploy: Deploy, image_uri: str) -> None:
    with pytest.raises(ValueError, match=r"^image_uri: .*digest"):
        deploy(an_api(image_uri=image_uri))


def test_a_preview_shows_everything_though_nothing_is_there_yet(deploy: Deploy, preview: Deploy) -> None:
    shown, there = preview(image_and_api()), deploy(image_and_api())

    assert {r.urn for r in shown} == {r.urn for r in there}


def test_two_apis_live_in_one_account_and_region(deploy: Deploy) -> None:
    def program() -> None:
        for name in ("dev-api", "prod-api"):
            Api(name, api_args(host=f"{name}.example.com"))

    graph = deploy(program)
    named = [
        (r.type, name)
        for r in graph
        if not r.is_component and (name := r.outputs.get("name") or r.outputs.get("family"))
    ]

    assert len(named) == len(set(named))
    families = [r.inputs["family"] for r in graph.all(TASK)]
    assert len(set(families)) == 2


def test_whole_numbers_may_come_as_floats(deploy: Deploy) -> None:
    numbers: dict[str, Any] = {
        "cpu": 256.0,
        "memory_mib": 512.0,
        "min_tasks": 1.0,
        "max_tasks": 2.0,
        "spot_percent": 50.0,
    }
    others: dict[str, Any] = {"requests_per_task_per_minute": 60.0, "idle_timeout_s": 120.0, "drain_s": 20.0}
    graph = deploy(an_api(**numbers, **others, access_log_retention_days=7.0))

    assert (graph.one(TASK).inputs["cpu"], graph.one(TASK).inputs["memory"]) == ("256", "512")
    assert settings(graph).drain_s == 20
    assert variables(graph)["ANSWER_TIMEOUT_S"] == "115"
    assert container(graph)["stopTimeout"] == 30


def test_every_output_is_there_and_none_is_secret(deploy: Deploy) -> None:
    graph = deploy(an_api())
    registered = graph.one("opencode_components:index:Api")

    assert len(registered.outputs) >= len(Api.__annotations__)
    assert not registered.secret_outputs
    assert registered.outputs["url"] == "https://ai.example.com"
