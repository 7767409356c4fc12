"""A declared ECS service, run on this machine."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from opencode_components.testing.graph import Graph, Resource
from opencode_local.addresses import Addresses
from opencode_local.balancer.target_groups import TargetGroup
from opencode_local.containers import definition, deployment
from opencode_local.containers.definition import TaskDefinition, Unsupported
from opencode_local.containers.deployment import Deployment
from opencode_local.containers.following import DescribedService, Seen
from opencode_local.containers.host import Credentials, Exposure, TaskHost, Timings
from opencode_local.containers.runner import Runner
from opencode_local.containers.scheduler import Placement, Scheduler, Wanted
from opencode_local.containers.service_events import Event, ServiceEvents
from opencode_local.containers.task import Task
from opencode_local.log_streams import LogStreams
from opencode_local.provider.aws import Account
from opencode_local.role_clients import RoleClients
from opencode_local.status import Status

ENDPOINT = "AWS_ENDPOINT_URL"
STOPPED_WITH_RUN = "Service stopped with the local run"
SHORT_ID = 8
TIMINGS = Timings()


class Service:
    """Runs what an `aws:ecs/service:Service` declares, and follows its changes in the embedded AWS."""

    def __init__(  # noqa: PLR0913 - the parts of a run that meet here, each by its name
        self,
        graph: Graph,
        resource: Resource,
        *,
        groups: Mapping[str, TargetGroup],
        addresses: Addresses,
        credentials: Credentials,
        logs: LogStreams,
        variables: Mapping[str, str],
        runner: Runner,
        account: Account,
        timings: Timings = TIMINGS,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`groups` by ARN. `variables` names the AWS endpoint, AWS_ENDPOINT_URL, and is added to every container's.

        Raises definition.Unsupported for what cannot be run here, KeyError for a target group that is not there.
        """
        properties = {**resource.inputs, **resource.outputs}
        self.arn = str(properties.get("arn") or resource.id)
        self.name = self.arn.rpartition("/")[2]
        self.events = ServiceEvents(self.name, tell=tell)
        self._aws = DescribedService(account, self.arn)
        self._clients = RoleClients(variables[ENDPOINT])
        self._host = TaskHost(
            runner=runner,
            credentials=credentials,
            addresses=addresses,
            logs=logs,
            clients=self._clients,
            region=self.arn.split(":")[3],
            variables=variables,
            timings=timings,
            exposures=exposures(properties, groups),
            arn_prefix=self.arn.rpartition("/")[0].replace(":service/", ":task/") + "/",
            tell=self.events.say,
        )
        self._scheduler = self._made_scheduler(properties, task_definition(graph, properties["taskDefinition"]))
        self._seen: Seen | None = None
        self._looking = asyncio.Lock()
        self._working: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Its tasks begin; `steady` waits for them."""
        await self._look()
        self._working = [asyncio.create_task(self._scheduler.run()), asyncio.create_task(self._follow())]

    async def stop(self, *, within_s: float | None = None) -> None:
        """Every task gets SIGTERM, and SIGKILL after its own stop timeout, or after `within_s` if that is less."""
        for working in self._working:
            working.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        tasks = [placement.task for placement in self._scheduler.placements]
        for task in tasks:
            task.stop(STOPPED_WITH_RUN, is_hurried=True)
        lives = asyncio.gather(*(task.until_stopped() for task in tasks))
        try:
            async with asyncio.timeout(within_s):
                await asyncio.shield(lives)
        except TimeoutError:
            for task in tasks:
                task.kill()
            await lives
        self._scheduler.close()
        self._clients.close()

    async def steady(self) -> None:
        """Returns once the desired tasks are healthy and all others gone. Raises scheduler.DeploymentFailed."""
        steady = asyncio.create_task(self._scheduler.until_steady())
        done, _ = await asyncio.wait({steady, *self._working}, return_when=asyncio.FIRST_COMPLETED)
        steady.cancel()
        for ended in done:
            await ended

    async def changed(self) -> None:
        """Returns after the scheduler's next look, which each change of a task brings about."""
        await self._scheduler.turned()

    async def roll(self) -> None:
        """Replaces all tasks, as `aws ecs update-service --force-new-deployment` does."""
        await self._aws.update(forceNewDeployment=True)
        await self._look()

    async def desire(self, count: int) -> None:
        await self._aws.update(desiredCount=count)
        await self._look()

    @property
    def tasks(self) -> Sequence[Task]:
        """Those that are not STOPPED."""
        return [placement.task for placement in self._scheduler.placements]

    @property
    def healthy_tasks(self) -> Sequence[Task]:
        return [placement.task for placement in self._scheduler.placements if placement.is_healthy]

    @property
    def deployments(self) -> Sequence[Deployment]:
        """The primary one first."""
        return self._scheduler.deployments

    def status(self) -> list[Status]:
        running = sum(placement.task.last_status == "RUNNING" for placement in self._scheduler.placements)
        primary = self._scheduler.primary
        told = f"{running}/{self._scheduler.wanted.desired_count} running, deployment {primary.rollout_state}"
        state = "ACTIVE" if self._seen else "INACTIVE"
        detail = f"{told}; {self.events.last}" if self.events.last else told
        own = Status(name=self.name, kind="service", state=state, detail=detail)
        return [own, *(self._task_status(placement) for placement in self._scheduler.placements)]

    def recent_events(self) -> Sequence[Event]:
        """Oldest first."""
        return self.events.all

    def _task_status(self, placement: Placement) -> Status:
        task = placement.task
        places = [
            *(f"pid {pid}" for pid in task.pids),
            task.health_status,
            *(f"{container}:{port} at {local}" for (container, port), local in task.addresses.items()),
            task.definition.label,
            task.stopped_reason,
        ]
        detail = ", ".join(place for place in places if place)
        return Status(name=f"{self.name} task {task.id[:SHORT_ID]}", kind="task", state=task.last_status, detail=detail)

    def _made_scheduler(self, properties: Mapping[str, object], declared: TaskDefinition) -> Scheduler:
        wanted = Wanted(
            desired_count=int(str(properties.get("desiredCount") or 0)),
            configuration=deployment.declared(properties),
            grace_s=float(str(properties.get("healthCheckGracePeriodSeconds") or 0)),
        )
        return Scheduler(
            wanted,
            Deployment(definition=declared),
            make=self._task,
            events=self.events,
            timings=self._host.timings,
        )

    def _task(self, of: Deployment) -> Task:
        return Task(of.definition, self._host, self._scheduler.wake)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._host.timings.follow_s)
            try:
                await self._look()
            except (ClientError, BotoCoreError) as error:
                self.events.say(f"is not followed: {error}")

    async def _look(self) -> None:
        """Takes over what has changed since the last look."""
        async with self._looking:
            before, self._seen = self._seen, await self._aws.look()
            if self._seen is not None and self._seen == before:
                await self._correct(self._seen)
            else:
                await self._take_over(before, self._seen)

    async def _correct(self, seen: Seen) -> None:
        """After a rollback, AWS shows the definition that runs."""
        running = self._scheduler.primary.definition
        if seen.definition not in running.names:
            await self._aws.update(taskDefinition=running.arn)
            self._seen = await self._aws.look()
            self.events.say(f"is shown with {running.label} by AWS again.")

    async def _take_over(self, before: Seen | None, now: Seen | None) -> None:
        wanted = self._scheduler.wanted
        if now is None:
            wanted.desired_count = 0
        else:
            wanted.desired_count, wanted.configuration, wanted.grace_s = (
                now.desired_count,
                now.configuration,
                now.grace_s,
            )
            if before is not None and (now.definition, now.deployment_id) != (before.definition, before.deployment_id):
                await self._deploy(now.definition)
        self._scheduler.wake()

    async def _deploy(self, name: str) -> None:
        primary = self._scheduler.primary.definition
        if name in primary.names:
            self._scheduler.deploy(Deployment(definition=primary))
            return
        try:
            self._scheduler.deploy(Deployment(definition=await self._aws.definition(name)))
        except Unsupported as error:
            self.events.say(f"stays as it is: {error}")


def exposures(properties: Mapping[str, object], groups: Mapping[str, TargetGroup]) -> Sequence[Exposure]:
    """Raises KeyError."""
    declared = properties.get("loadBalancers") or ()
    assert isinstance(declared, Sequence), "a list by its schema"  # noqa: S101
    return [
        Exposure(groups[each["targetGroupArn"]], each["containerName"], int(each["containerPort"])) for each in declared
    ]


def task_definition(graph: Graph, name: str) -> TaskDefinition:
    """Raises Unsupported when the program does not declare it."""
    for resource in graph.all("aws:ecs/taskDefinition:TaskDefinition"):
        known = definition.declared({**resource.inputs, **resource.outputs})
        if name in known.names:
            return known
    raise Unsupported(f"task definition {name!r} is not declared by the program")
