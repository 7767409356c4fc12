"""Services: as many healthy tasks as are desired, through deaths, sickness, releases and changes by others."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import psutil
import pytest

from opencode_local.containers.scheduler import DeploymentFailed
from opencode_local.containers.task import Task
from tests.local.containers.site import HEALTH_CHECK, Running, Site

MANY_CHANCES = {"interval": 30, "unhealthyThreshold": 10}
FEW_CHANCES = {"interval": 5, "unhealthyThreshold": 2}
BREAKER = {"enable": True, "rollback": True}


def variables(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def update(running: Running, **change: Any) -> None:
    """As any client of AWS would."""
    running.site.client("ecs").update_service(cluster="here", service=running.service.name, **change)


async def behind(site: Site, name: str, check: Mapping[str, Any] = MANY_CHANCES, **inputs: Any) -> dict[str, Any]:
    """The inputs of a service behind a target group of its own."""
    group = await site.group(name, **check)
    registration = {"targetGroupArn": group.arn, "containerName": "thing", "containerPort": 8080}
    return {"loadBalancers": [registration], **inputs}


@asynccontextmanager
async def watched(running: Running) -> AsyncIterator[list[tuple[int, int]]]:
    """How many tasks were healthy and how many live, at every look of the scheduler."""
    seen: list[tuple[int, int]] = []

    async def watch() -> None:
        while True:
            live = sum(task.is_live for task in running.service.tasks)
            seen.append((len(running.service.healthy_tasks), live))
            await running.service.changed()

    watching = asyncio.create_task(watch())
    yield seen
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def ids(tasks: Sequence[Task]) -> set[str]:
    return {task.id for task in tasks}


async def test_as_many_tasks_run_as_are_desired_each_at_a_port_of_its_own(site: Site) -> None:
    async with site.service("three", **await behind(site, "three", desiredCount=3)) as running:
        await running.steady()
        tasks = running.service.tasks
        own, *of_tasks = running.service.status()
        (group,) = [group for group in site.groups.values() if group.name == "three"]
        targets = {(target.id, f"{target.host}:{target.port}") for target in group.targets}

    assert targets == {(task.id, *task.addresses.values()) for task in tasks}
    assert len({address for _, address in targets}) == 3
    assert (own.name, own.kind, own.state) == ("three", "service", "ACTIVE")
    assert own.detail.startswith("3/3 running, deployment COMPLETED; (service three) has reached a steady state.")
    assert [status.state for status in of_tasks] == ["RUNNING"] * 3
    assert f"pid {tasks[0].pids[0]}, HEALTHY, thing:8080 at 127.0.0.1:" in of_tasks[0].detail
    assert not group.targets


async def test_a_task_that_dies_is_replaced(site: Site) -> None:
    async with site.service("dying", desiredCount=2) as running:
        await running.steady()
        first, second = running.service.tasks
        psutil.Process(first.pids[0]).kill()
        await running.heard.until("has reached a steady state.", times=2)
        after = running.service.tasks

    assert second in after
    assert first not in after
    assert len(after) == 2


async def test_a_task_that_fails_its_health_check_is_replaced_before_it_is_stopped(site: Site) -> None:
    async with site.service("sick") as running:
        await running.steady()
        (first,) = running.service.tasks
        await running.ask("/unwell")
        await running.heard.until("has reached a steady state.", times=2)
        (second,) = running.service.tasks
        said = running.heard.messages

    replaced, stopped = f"has started 1 tasks: (task {second.id})", f"has stopped 1 running tasks: (task {first.id})"
    order = [said.index(f"(service sick) {text}.") for text in (f"(task {first.id}) failed container health checks",)]
    order += [said.index(f"(service sick) {text}.") for text in (replaced, stopped)]
    assert order == sorted(order)


async def test_a_task_that_its_target_group_finds_unhealthy_is_replaced(site: Site) -> None:
    definition = site.definition("unfit", healthCheck={"command": ["NONE"]})
    async with site.service("unfit", **await behind(site, "unfit", FEW_CHANCES, definition=definition)) as running:
        await running.steady()
        (first,) = running.service.tasks
        await running.ask("/unwell")
        message = await running.heard.until(f"(task {first.id}) (port 8080) is unhealthy in")
        await running.heard.until("has reached a steady state.", times=2)
        after = running.service.tasks

    reason = "Health checks failed with these codes: [500]"
    assert message == (
        f"(service unfit) (task {first.id}) (port 8080) is unhealthy in (target-group unfit) due to (reason {reason})."
    )
    assert first not in after


async def test_failed_checks_do_not_count_in_the_grace_period(site: Site) -> None:
    definition = site.definition("graced", healthCheck={**HEALTH_CHECK, "startPeriod": 0})
    inputs = await behind(site, "graced", definition=definition, healthCheckGracePeriodSeconds=1000)
    async with site.service("graced", **inputs) as running:
        await running.steady()
        (task,) = running.service.tasks
        await running.ask("/unwell")
        while task.health_status != "UNHEALTHY":
            await running.service.changed()
        update(running, desiredCount=2)
        await running.heard.until("has started 1 tasks", times=2)
        after = running.service.tasks

    assert task in after


async def test_a_task_that_ends_again_and_again_is_started_ever_more_seldom(site: Site) -> None:
    definition = site.definition("broken", environment=variables(IS_BROKEN="1"))
    async with site.service("broken", definition=definition) as running:
        await running.heard.until("is unable to consistently start tasks successfully.")
        await running.heard.until("stopped: Essential container in task exited, exit code 3.", times=4)
        deployment = running.service.deployments[0]

    assert deployment.failures >= 4
    assert deployment.rollout_state == "IN_PROGRESS"


async def test_a_release_keeps_all_desired_tasks_healthy_and_replaces_every_one(site: Site) -> None:
    async with site.service("rolling", **await behind(site, "rolling", desiredCount=2)) as running:
        await running.steady()
        before = ids(running.service.tasks)
        async with watched(running) as seen:
            await running.service.roll()
            await running.steady()
        after = ids(running.service.tasks)

    assert len(after) == 2
    assert not before & after
    assert min(healthy for healthy, _ in seen) == 2
    assert max(live for _, live in seen) == 4


async def test_a_release_without_room_stops_half_of_the_tasks_first(site: Site) -> None:
    inputs = await behind(
        site, "narrow", desiredCount=2, deploymentMinimumHealthyPercent=50, deploymentMaximumPercent=100
    )
    async with site.service("narrow", **inputs) as running:
        await running.steady()
        before = ids(running.service.tasks)
        async with watched(running) as seen:
            await running.service.roll()
            await running.steady()
        after = ids(running.service.tasks)

    assert not before & after
    assert min(healthy for healthy, _ in seen) == 1
    assert max(live for _, live in seen) == 2


async def test_open_requests_end_before_their_task_is_stopped(site: Site) -> None:
    inputs = await behind(site, "draining")
    async with site.service("draining", **inputs) as running:
        await running.steady()
        (task,) = running.service.tasks
        (group,) = [group for group in site.groups.values() if group.name == "draining"]
        registration = group.choose()
        assert registration is not None
        async with registration.opened(60):
            await running.service.desire(0)
            await running.heard.until("has begun draining connections on 1 tasks.")
            while task.last_status != "DEACTIVATING":
                await running.service.changed()
            answer = await running.ask("/environment", task)
        await running.heard.until("has stopped 1 running tasks")

    assert answer
    assert task.exit_code == 0


async def test_the_end_of_a_run_does_not_wait_for_draining(site: Site) -> None:
    async with site.service("cut", **await behind(site, "cut")) as running:
        await running.steady()
        (task,) = running.service.tasks
        (group,) = [group for group in site.groups.values() if group.name == "cut"]
        registration = group.choose()
        assert registration is not None
        async with registration.opened(1000):
            await running.service.desire(0)
            while task.last_status != "DEACTIVATING":
                await running.service.changed()
            await running.service.stop()

    assert task.last_status == "STOPPED"


async def test_a_release_that_does_not_become_healthy_is_rolled_back(site: Site) -> None:
    inputs = await behind(site, "failing", desiredCount=2, deploymentCircuitBreaker=BREAKER)
    async with site.service("failing", **inputs) as running:
        await running.steady()
        before = ids(running.service.tasks)
        good = running.service.deployments[0]
        update(running, taskDefinition=site.definition("failing", environment=variables(IS_BROKEN="1")))
        await running.heard.until("deployment failed: tasks failed to start.")
        await running.heard.until(f"rolling back to deployment {good.id}.")
        await running.heard.until("has reached a steady state.", times=2)
        after = ids(running.service.tasks)
        await running.heard.until(f"is shown with {good.definition.label} by AWS again.")
        shown = site.client("ecs").describe_services(cluster="here", services=["failing"])["services"][0]

    assert after == before
    assert shown["taskDefinition"] == good.definition.arn


async def test_a_first_release_that_fails_has_nothing_to_go_back_to(site: Site) -> None:
    definition = site.definition("first", environment=variables(IS_BROKEN="1"))
    async with site.service("first", definition=definition, deploymentCircuitBreaker=BREAKER) as running:
        with pytest.raises(DeploymentFailed, match="Essential container in task exited, exit code 3"):
            await running.steady()

    assert len([said for said in running.heard.messages if "has started 1 tasks" in said]) == 3


async def test_what_any_client_changes_in_aws_is_followed(site: Site) -> None:
    async with site.service("followed") as running:
        await running.steady()
        update(running, desiredCount=3)
        await running.heard.until("has started 2 tasks")
        await running.steady()
        before = ids(running.service.tasks)
        update(running, forceNewDeployment=True)
        await running.heard.until("deployment completed.", times=2)
        after = ids(running.service.tasks)
        update(running, taskDefinition=site.definition("followed", environment=variables(WORD="changed")))
        await running.heard.until("deployment completed.", times=3)
        environment = await running.ask("/environment")
        site.client("ecs").delete_service(cluster="here", service="followed", force=True)
        await running.heard.until("has stopped 1 running tasks", times=9)
        (status,) = running.service.status()

    assert len(before) == len(after) == 3
    assert not before & after
    assert '"WORD": "changed"' in environment
    assert status.state == "INACTIVE"


async def test_nothing_answers_once_a_service_has_stopped(site: Site) -> None:
    async with site.service("stopped", desiredCount=2) as running:
        await running.steady()
        tasks = running.service.tasks

    for task in tasks:
        with pytest.raises(aiohttp.ClientConnectorError):
            await running.ask("/environment", task)
    assert [task.last_status for task in tasks] == ["STOPPED", "STOPPED"]
    assert [task.exit_code for task in tasks] == [0, 0]
