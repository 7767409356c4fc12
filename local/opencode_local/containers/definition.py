"""A task definition, as it is declared and as the embedded AWS describes it.

Source: Amazon ECS API reference, "ContainerDefinition" and "HealthCheck"; ECS developer guide, "Amazon ECS task
definition parameters for Fargate" (read 2026-11-21).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DEFAULT_STOP_TIMEOUT_S = 30.0
SHELL = ("/bin/sh", "-c")


class Unsupported(Exception):
    """Something is declared that cannot be had on this machine; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How a container is asked whether it is well."""

    command: Sequence[str]
    """Ready to run: a declared `CMD-SHELL` has become `/bin/sh -c`."""
    interval_s: float
    timeout_s: float
    retries: int
    start_period_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfiguration:
    """The awslogs driver's options."""

    group: str
    region: str
    stream_prefix: str
    is_blocking: bool
    max_buffer_bytes: int | None
    creates_group: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a task."""

    name: str
    image: str
    essential: bool
    entry_point: Sequence[str] | None
    """None: the image's own."""
    command: Sequence[str] | None
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    """Where each variable's value is kept: an ARN or the name of a parameter."""
    ports: Sequence[int]
    health_check: HealthCheck | None
    stop_timeout_s: float
    log: LogConfiguration | None
    user: str
    working_directory: str
    readonly_root: bool
    has_init: bool
    dropped_capabilities: Sequence[str]
    added_capabilities: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """One revision."""

    arn: str
    task_role_arn: str
    """Empty: the task has no credentials."""
    execution_role_arn: str
    containers: Sequence[Container] = field(repr=False)

    @property
    def label(self) -> str:
        """`family:revision`."""
        return self.arn.rpartition("/")[2]

    @property
    def names(self) -> frozenset[str]:
        """What a service may call it by. One that names the family alone means the newest revision."""
        return frozenset({self.arn, self.label, self.label.partition(":")[0]})


def declared(properties: Mapping[str, Any]) -> TaskDefinition:
    """Of an `aws:ecs/taskDefinition:TaskDefinition`'s outputs, whose containers are JSON text. Raises Unsupported."""
    return described(
        {
            **properties,
            "taskDefinitionArn": properties["arn"],
            "containerDefinitions": json.loads(properties["containerDefinitions"]),
        }
    )


def described(definition: Mapping[str, Any]) -> TaskDefinition:
    """Of a `taskDefinition` of DescribeTaskDefinition. Raises Unsupported."""
    return TaskDefinition(
        arn=definition["taskDefinitionArn"],
        task_role_arn=definition.get("taskRoleArn") or "",
        execution_role_arn=definition.get("executionRoleArn") or "",
        containers=tuple(_container(container) for container in definition["containerDefinitions"]),
    )


def _container(declared: Mapping[str, Any]) -> Container:
    linux = declared.get("linuxParameters") or {}
    capabilities = linux.get("capabilities") or {}
    _refuse_unsupported(declared)
    return Container(
        name=declared["name"],
        image=declared["image"],
        essential=declared.get("essential", True),
        entry_point=declared.get("entryPoint") or None,
        command=declared.get("command") or None,
        environment={each["name"]: each["value"] for each in declared.get("environment") or ()},
        secrets={each["name"]: each["valueFrom"] for each in declared.get("secrets") or ()},
        ports=tuple(each["containerPort"] for each in declared.get("portMappings") or ()),
        health_check=_health_check(declared.get("healthCheck")),
        stop_timeout_s=float(declared.get("stopTimeout") or DEFAULT_STOP_TIMEOUT_S),
        log=_log(declared.get("logConfiguration")),
        user=declared.get("user") or "",
        working_directory=declared.get("workingDirectory") or "",
        readonly_root=bool(declared.get("readonlyRootFilesystem")),
        has_init=bool(linux.get("initProcessEnabled")),
        dropped_capabilities=tuple(capabilities.get("drop") or ()),
        added_capabilities=tuple(capabilities.get("add") or ()),
    )


def _refuse_unsupported(declared: Mapping[str, Any]) -> None:
    """Better than to run it otherwise than it is declared."""
    for member in (
        "dependsOn",
        "mountPoints",
        "volumesFrom",
        "environmentFiles",
        "restartPolicy",
        "firelensConfiguration",
    ):
        if declared.get(member):
            raise Unsupported(f"container {declared['name']!r}: {member} is not supported by the local run")


def _health_check(declared: Mapping[str, Any] | None) -> HealthCheck | None:
    """With ECS's defaults: every 30 s, at most 5 s, 3 retries, no start period. `NONE` is no check."""
    command = list((declared or {}).get("command") or ())
    if declared is None or not command or command[0] == "NONE":
        return None
    kinds = {"CMD": command[1:], "CMD-SHELL": [*SHELL, *command[1:]]}
    return HealthCheck(
        command=kinds.get(command[0], [*SHELL, " ".join(command)]),
        interval_s=float(declared.get("interval") or 30),
        timeout_s=float(declared.get("timeout") or 5),
        retries=int(declared.get("retries") or 3),
        start_period_s=float(declared.get("startPeriod") or 0),
    )


def _log(declared: Mapping[str, Any] | None) -> LogConfiguration | None:
    """None without a configuration: then nobody sees the output. Raises Unsupported for a driver other than awslogs."""
    if not declared:
        return None
    if declared.get("logDriver") != "awslogs":
        raise Unsupported(f"log driver {declared.get('logDriver')!r}: the local run knows awslogs alone")
    options = declared.get("options") or {}
    size = options.get("max-buffer-size")
    return LogConfiguration(
        group=options["awslogs-group"],
        region=options.get("awslogs-region", ""),
        stream_prefix=options.get("awslogs-stream-prefix", ""),
        is_blocking=options.get("mode", "non-blocking") == "blocking",
        max_buffer_bytes=_bytes(size) if size else None,
        creates_group=options.get("awslogs-create-group") == "true",
    )


def _bytes(size: str) -> int:
    """`25m` and its like, in powers of 1,024, as Docker reads them."""
    units = {"k": 1024, "m": 1024**2, "g": 1024**3}
    number = size.strip().lower().removesuffix("b")
    return int(float(number.rstrip("kmg")) * units.get(number[-1:], 1))
