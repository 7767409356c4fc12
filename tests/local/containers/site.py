"""A place where services run: an account, its guarded endpoint, and a program of resources made by hand."""

import asyncio
import json
import math
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from opencode_components.testing.graph import Graph, Resource
from opencode_local.access.credentials import TaskCredentials
from opencode_local.access.endpoint import AwsEndpoint
from opencode_local.access.sessions import Sessions
from opencode_local.addresses import Addresses
from opencode_local.balancer.target_groups import TargetGroup
from opencode_local.balancer.tempo import Tempo
from opencode_local.containers.host import Timings
from opencode_local.containers.process_runner import ProcessRunner
from opencode_local.containers.runner import Runner
from opencode_local.containers.service import Service
from opencode_local.containers.task import Task
from opencode_local.log_streams import LogStreams
from opencode_local.provider.aws import Account

REGION = "us-east-1"
PATIENCE_S = 10.0
QUICK = Timings(early_check_s=0.02, settled_s=0, observe_s=0.01, follow_s=0.02, first_retry_s=0.01, last_retry_s=0.02)
PROGRAM = Path(__file__).with_name("program.py")
LOG_GROUP = "/things"
SECOND_S = 0.01
HEALTH_CHECK = {
    "command": ["CMD-SHELL", "test -e $FOLDER/$AWS_CONTAINER_AUTHORIZATION_TOKEN"],
    "interval": 0.05,
    "timeout": 5,
    "retries": 2,
    "startPeriod": 10,
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
LOGGING = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": f"arn:aws:logs:*:*:log-group:{LOG_GROUP}:*",
}


@dataclass
class Heard:
    """What a service has said."""

    messages: list[str] = field(default_factory=list)
    _said: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, message: str) -> None:
        self.messages.append(message)
        self._said.set()
        self._said = asyncio.Event()

    async def until(self, text: str, times: int = 1) -> str:
        """The last of that many messages with the text in it."""
        async with asyncio.timeout(PATIENCE_S):
            while len(found := [message for message in self.messages if text in message]) < times:
                await self._said.wait()
        return found[times - 1]


class Site:
    """One account with what runs in it."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account = account
        self.folder = folder
        self.addresses = Addresses()
        self.resources: list[Resource] = []
        self.groups: dict[str, TargetGroup] = {}
        self.variables: dict[str, str] = {}
        sessions = Sessions(account)
        self.endpoint = AwsEndpoint(sessions)
        self.credentials = TaskCredentials(sessions)
        self._running = AsyncExitStack()

    async def start(self) -> None:
        self.variables = {"AWS_ENDPOINT_URL": await self.endpoint.start()}
        self._running.push_async_callback(self.endpoint.stop)
        await self.credentials.start()
        self._running.push_async_callback(self.credentials.stop)
        self.logs = LogStreams(self.endpoint.url, REGION)
        self._running.push_async_callback(self.logs.stop)
        self.http = await self._running.enter_async_context(aiohttp.ClientSession())
        self.client("ecs").create_cluster(clusterName="here")
        self.client("logs").create_log_group(logGroupName=LOG_GROUP)
        self.execution_role_arn = self.role("execution", LOGGING)
        self.task_role_arn = self.role("task")
        self.image_uri = self.image(f'ENTRYPOINT ["python", "{PROGRAM}"]')

    async def stop(self) -> None:
        await self._running.aclose()

    def client(self, service: str) -> Any:
        """With all rights."""
        return self.account.client(service, REGION)

    @property
    def graph(self) -> Graph:
        return Graph(resources=tuple(self.resources), outputs={})

    def resource(self, type_: str, name: str, outputs: Mapping[str, Any], **inputs: Any) -> Resource:
        made = Resource(
            urn=f"urn:{type_}::{name}-{len(self.resources)}",
            type=type_,
            name=name,
            id=str(outputs.get("arn", name)),
            parent=None,
            inputs=inputs,
            outputs={**inputs, **outputs},
        )
        self.resources.append(made)
        return made

    def role(self, name: str, *statements: Mapping[str, Any]) -> str:
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        if statements:
            self.allow(name, *statements)
        return str(arn)

    def allow(self, role: str, *statements: Mapping[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.client("iam").put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)

    def image(self, text: str) -> str:
        dockerfile = self.folder / f"{len(self.resources)}.Dockerfile"
        dockerfile.write_text(f"FROM somewhere\nENV FOLDER={self.folder}\n{text}\n")
        uri = f"{self.account.account_id}.dkr.ecr.{REGION}.amazonaws.com/thing@sha256:{len(self.resources):064}"
        self.resource(
            "awsx:ecr:Image", "image", {"imageUri": uri}, dockerfile=str(dockerfile), context=str(self.folder)
        )
        return uri

    async def group(self, name: str, **check_changes: Any) -> TargetGroup:
        """Its seconds are hundredths."""
        check = {"path": "/health", "timeout": 100, "healthyThreshold": 2}
        arn = f"arn:aws:elasticloadbalancing:{REGION}:{self.account.account_id}:targetgroup/{name}/1"
        resource = self.resource(
            "aws:lb/targetGroup:TargetGroup",
            name,
            {"arn": arn, "name": name},
            **{"targetType": "ip", "port": 80, "protocol": "HTTP", "healthCheck": {**check, **check_changes}},
        )
        group = self.groups[arn] = TargetGroup(resource, tempo=Tempo(second_s=SECOND_S, pulse=Hurried()))
        await group.start()
        self._running.push_async_callback(group.stop)
        return group

    def definition(self, family: str, **change: Any) -> str:
        """The ARN of a new revision, with one container: `program.py`, which logs and listens."""
        options = {"awslogs-group": LOG_GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": "own"}
        container = {
            "name": "thing",
            "image": self.image_uri,
            "portMappings": [{"containerPort": 8080}],
            "stopTimeout": 5,
            "healthCheck": HEALTH_CHECK,
            "logConfiguration": {"logDriver": "awslogs", "options": options},
            **change,
        }
        roles = {"taskRoleArn": self.task_role_arn, "executionRoleArn": self.execution_role_arn}
        made = self.client("ecs").register_task_definition(
            family=family,
            **roles,
            containerDefinitions=[whole(container)],
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
        )
        arn = str(made["taskDefinition"]["taskDefinitionArn"])
        text = json.dumps([container])
        self.resource("aws:ecs/taskDefinition:TaskDefinition", family, {"arn": arn}, containerDefinitions=text, **roles)
        return arn

    def service(
        self, name: str, *, definition: str = "", runner: Runner | None = None, timings: Timings = QUICK, **inputs: Any
    ) -> "Running":
        """Declared, and known to AWS; `async with` starts and stops it. One task of `program.py` where none is said."""
        definition = definition or self.definition(name)
        declared = {"desiredCount": 1, "taskDefinition": definition, **inputs}
        breaker = declared.get("deploymentCircuitBreaker", {"enable": False, "rollback": False})
        configuration = {
            "minimumHealthyPercent": declared.get("deploymentMinimumHealthyPercent", 100),
            "maximumPercent": declared.get("deploymentMaximumPercent", 200),
            "deploymentCircuitBreaker": breaker,
        }
        ecs = self.client("ecs")
        made = ecs.create_service(cluster="here", serviceName=name, taskDefinition=definition, desiredCount=0)
        ecs.update_service(
            cluster="here",
            service=name,
            desiredCount=declared["desiredCount"],
            deploymentConfiguration=configuration,
            healthCheckGracePeriodSeconds=declared.get("healthCheckGracePeriodSeconds", 0),
        )
        arn = made["service"]["serviceArn"]
        resource = self.resource("aws:ecs/service:Service", name, {"arn": arn, "name": name}, **declared)
        heard = Heard()
        service = Service(
            self.graph,
            resource,
            groups=self.groups,
            addresses=self.addresses,
            credentials=self.credentials,
            logs=self.logs,
            variables=self.variables,
            runner=runner or ProcessRunner(self.graph),
            account=self.account,
            timings=timings,
            tell=heard,
        )
        return Running(self, service, heard)


class Hurried:
    """The pulse of health checks."""

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds * SECOND_S)


def whole(value: Any) -> Any:
    """AWS takes whole seconds; the graph may say less, for tests in a hurry."""
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    return math.ceil(value) if isinstance(value, float) else value


@dataclass
class Running:
    """A service, and what it says."""

    site: Site
    service: Service
    heard: Heard

    async def __aenter__(self) -> "Running":
        await self.service.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.stop()

    async def steady(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.service.steady()
        except TimeoutError as error:
            raise AssertionError("\n".join(self.heard.messages[-10:])) from error

    async def ask(self, path: str, task: Task | None = None) -> str:
        """What a task's program answers."""
        (address,) = (task or self.service.tasks[0]).addresses.values()
        async with self.site.http.get(f"http://{address}{path}") as response:
            return await response.text()

    async def lines(self, task_id: str) -> list[str]:
        """All that a task's container has written."""
        await self.site.logs.flush()
        logs = self.site.client("logs")
        found = await asyncio.to_thread(
            logs.get_log_events, logGroupName=LOG_GROUP, logStreamName=f"own/thing/{task_id}", startFromHead=True
        )
        return [event["message"] for event in found["events"]]
