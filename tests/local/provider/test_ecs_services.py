"""Services: what they need, and what needs them."""

from typing import Any

import pytest

from tests.local.provider.declaring import Program, Refused
from tests.local.provider.ecs_site import SERVICE, SPOT, TASK_DEFINITION, Site, a_site, containers
from tests.local.provider.gateway_site import a_listener, a_rule, a_target_group, trust
from tests.local.provider.round_trip import leaves_nothing, lives_and_changes


@pytest.fixture
def site(program: Program) -> Site:
    return a_site(program)


@pytest.fixture(scope="module")
def shared_site(shared_program: Program) -> Site:
    return a_site(shared_program)


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
