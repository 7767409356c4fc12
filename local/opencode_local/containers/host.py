"""What a task runs on and with, and the environment that its containers get from it.

Sources: ECS developer guide, "Amazon ECS task definition parameters for Fargate", environment; "Amazon ECS task IAM
role"; AWS SDKs and tools reference guide, "Container credential provider" (read 2026-11-21).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from opencode_local.access.session import Session
from opencode_local.addresses import Addresses
from opencode_local.balancer.target_groups import TargetGroup
from opencode_local.containers import declared_secrets
from opencode_local.containers.definition import Container, TaskDefinition
from opencode_local.containers.runner import Runner
from opencode_local.log_streams import LogStreams
from opencode_local.ports import HOST, free_port
from opencode_local.role_clients import RoleClients

TASKS = "ecs-tasks.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds that the program does not declare."""

    early_check_s: float = 0.5
    """Between health checks of a container that has not passed one yet: a start does not wait for the interval."""
    settled_s: float = 5.0
    """How long a container without any check must have run to count as well. ECS waits for 40 s."""
    observe_s: float = 0.1
    """Between looks at the tasks' targets."""
    follow_s: float = 1.0
    """Between looks at what AWS says of the service."""
    first_retry_s: float = 1.0
    last_retry_s: float = 27 * 60.0
    """Between starts of tasks that fail. Source: ECS developer guide, "Amazon ECS service throttle logic"."""


class Credentials(Protocol):
    """See access.credentials.TaskCredentials."""

    def environment(self, role_arn: str, *, source_arn: str, name: str) -> Mapping[str, str]: ...

    def session(self, role_arn: str, name: str, *, service: str, source_arn: str) -> Session: ...

    def forget(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Exposure:
    """A declared load balancer of the service: a container's port in a target group."""

    group: TargetGroup
    container: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHost:
    """Shared by all tasks of a service."""

    runner: Runner
    credentials: Credentials
    addresses: Addresses
    logs: LogStreams
    clients: RoleClients
    region: str
    variables: Mapping[str, str] = field(repr=False)
    """Where AWS and other things are for a task: it would have found them by their public names."""
    timings: Timings
    exposures: Sequence[Exposure]
    arn_prefix: str
    """All of a task's ARN but its id."""
    tell: Callable[[str], None]
    """Hears what is worth an event of the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskIdentity:
    """Which task it is for AWS."""

    id: str
    arn: str
    definition: TaskDefinition

    def session(self, host: TaskHost) -> Session:
        """Of the execution role."""
        role_arn = self.definition.execution_role_arn
        return host.credentials.session(role_arn, self.id, service=TASKS, source_arn=self.arn)


async def environment(
    host: TaskHost, task: TaskIdentity, container: Container, ports: Mapping[int, int]
) -> Mapping[str, str]:
    """Everything that a container finds set, later parts over earlier ones. `ports` are local ones by declared ones.

    Raises CannotStart, declared_secrets.SecretsUnavailable.
    """
    declared = {name: host.addresses.local(value) for name, value in container.environment.items()}
    return {
        **host.runner.defaults(container),
        **platform(host.region),
        **declared,
        **await secrets(host, task, container),
        **host.variables,
        **task_credentials(host, task),
        **listening(container, ports, free_port),
    }


def platform(region: str) -> Mapping[str, str]:
    """What Fargate itself sets. There is no instance metadata there, so none is looked for here."""
    return {
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


async def secrets(host: TaskHost, task: TaskIdentity, container: Container) -> Mapping[str, str]:
    if not container.secrets:
        return {}

    def client(service: str, region: str) -> Any:
        return host.clients.client(service, region, task.session(host))

    return await asyncio.to_thread(declared_secrets.values, container.secrets, client, host.region)


def task_credentials(host: TaskHost, task: TaskIdentity) -> Mapping[str, str]:
    """A task without a role has none."""
    role_arn = task.definition.task_role_arn
    return host.credentials.environment(role_arn, source_arn=task.arn, name=task.id) if role_arn else {}


def listening(container: Container, ports: Mapping[int, int], free: Callable[[int], int]) -> Mapping[str, str]:
    """In place of the network address that each task has on Fargate: here all share one, and have ports of their own.

    PORT is for the port that the container declares under that name, or else its first.
    """
    if not container.ports:
        return {"HOST": HOST}
    declared = container.environment.get("PORT", "")
    declared_port = int(declared) if declared.isdigit() and int(declared) in ports else container.ports[0]
    return {"HOST": HOST, "PORT": str(ports[declared_port]), "METRICS_PORT": str(free(0))}
