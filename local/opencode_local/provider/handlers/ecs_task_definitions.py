"""ECS task definitions for Fargate.

Rules: service model of RegisterTaskDefinition, and ECS developer guide, "Task definition differences for Fargate" and
"Fargate task definition parameters" (read 2026-11-21).
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.comparison import covers
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.ecs_parts import camel, camel_block, camel_blocks, retag, tagging, tags_of
from opencode_local.provider.handlers.iam_roles import role_named
from opencode_local.provider.members import block, refuse, reported, request, unsupported, value

SETTINGS = (
    *camel("family", "cpu", "memory", "networkMode", "requiresCompatibilities", "executionRoleArn", "taskRoleArn"),
    *camel("ipcMode", "pidMode"),
    camel_block("runtimePlatform", "cpuArchitecture", "operatingSystemFamily"),
    block("ephemeralStorage", value("sizeInGib", "sizeInGiB"), member="ephemeralStorage"),
    camel_blocks("volumes", "name"),
)
FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
FARGATE_MEMORY_MIB: Mapping[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}
"""By CPU units. Source: ECS developer guide, "Fargate task definition parameters", task size (read 2026-11-21)."""
MAX_STOP_TIMEOUT_S = 120
AWSLOGS_OPTIONS = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix")
CLIENT = "ClientException"
OPERATION = "RegisterTaskDefinition"
REGISTRY = re.compile(r"\d{12}\.dkr\.ecr\..+")


class TaskDefinition(Handler):
    """Its id is the family. Revisions never change; a change registers another, and the old one is deregistered."""

    token = "aws:ecs/taskDefinition:TaskDefinition"
    replace_on = frozenset(member.property for member in SETTINGS) | {"containerDefinitions"}
    filled_by_aws = frozenset({"networkMode"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(SETTINGS, inputs, "containerDefinitions", "skipDestroy", "trackLatest")
        if not isinstance(_containers(inputs["containerDefinitions"]), list):
            faults.append(Fault("containerDefinitions", "ECS Task Definition container_definitions is invalid"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        wanted = {**request(SETTINGS, inputs), "containerDefinitions": _containers(inputs["containerDefinitions"])}
        aws.validate("ecs", OPERATION, **wanted)
        _refuse_task(inputs)
        _refuse_roles(aws, inputs)
        for container in wanted["containerDefinitions"]:
            _refuse_container(container, has_execution_role=bool(inputs.get("executionRoleArn")))
        _refuse_containers(inputs, wanted["containerDefinitions"])
        aws.client("ecs").register_task_definition(**wanted, **tagging(inputs))
        return str(inputs["family"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        definition = described_definition(aws, id_)
        if definition is None:
            return None
        arn = definition["taskDefinitionArn"]
        return {
            **reported(SETTINGS, definition, inputs),
            "containerDefinitions": _as_declared(definition["containerDefinitions"], inputs),
            "tagsAll": tags_of(definition),
            "arn": arn,
            "arnWithoutRevision": arn.rpartition(":")[0],
            "revision": definition["revision"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        definition = described_definition(aws, id_)
        if definition is None:
            raise refuse("TagResource", f"The specified task definition {id_} does not exist.")
        retag(aws, definition["taskDefinitionArn"], old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if not properties.get("skipDestroy"):
            arn = properties.get("arn") or id_
            found(aws.client("ecs").deregister_task_definition, CLIENT, taskDefinition=arn)


def described_definition(aws: Aws, name: str) -> dict[str, Any] | None:
    """The active task definition by ARN or `family:revision`, or the newest active one of a family; with its tags."""
    client = aws.client("ecs")
    if ":" not in name:
        arns = client.list_task_definitions(familyPrefix=name, status="ACTIVE")["taskDefinitionArns"]
        of_family = [arn for arn in arns if arn.rpartition("/")[2].partition(":")[0] == name]
        if not of_family:
            return None
        name = max(of_family, key=lambda arn: int(arn.rpartition(":")[2]))
    answer = found(client.describe_task_definition, CLIENT, taskDefinition=name, include=["TAGS"])
    if answer is None or answer["taskDefinition"]["status"] != "ACTIVE":
        return None
    return {**answer["taskDefinition"], "tags": answer.get("tags", [])}


def _containers(document: str) -> Any:
    try:
        return json.loads(document)
    except ValueError:
        return None


def _as_declared(there: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any]) -> str:
    """The text as it was declared, if AWS has what it says; AWS adds what it takes for granted."""
    declared = inputs.get("containerDefinitions")
    if declared and covers(_containers(declared), there):
        return str(declared)
    return json.dumps(there)


def _refuse_task(inputs: Mapping[str, Any]) -> None:
    if not FAMILY.fullmatch(inputs["family"]):
        raise refuse(OPERATION, f"Invalid family name: {inputs['family']}", CLIENT)
    if "FARGATE" not in (inputs.get("requiresCompatibilities") or ()):
        raise refuse(OPERATION, "requiresCompatibilities without FARGATE: not supported by the local AWS", CLIENT)
    if inputs.get("networkMode") != "awsvpc":
        raise refuse(OPERATION, "Fargate only supports network mode 'awsvpc'.", CLIENT)
    cpu, memory = str(inputs.get("cpu") or ""), str(inputs.get("memory") or "")
    is_offered = cpu.isdigit() and memory.isdigit() and int(memory) in FARGATE_MEMORY_MIB.get(int(cpu), ())
    if not is_offered:
        message = f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."
        raise refuse(OPERATION, message, CLIENT)


def _refuse_roles(aws: Aws, inputs: Mapping[str, Any]) -> None:
    for name in ("taskRoleArn", "executionRoleArn"):
        if inputs.get(name) and role_named(aws, inputs[name]) is None:
            raise refuse(OPERATION, f"Role is not valid: {inputs[name]}", CLIENT)


def _refuse_containers(inputs: Mapping[str, Any], containers: Sequence[Mapping[str, Any]]) -> None:
    names = [container["name"] for container in containers]
    if not names or len(set(names)) != len(names):
        raise refuse(OPERATION, "Container names must be unique, and there must be one at least.", CLIENT)
    if not any(container.get("essential", True) for container in containers):
        raise refuse(OPERATION, "At least one container must be essential.", CLIENT)
    for unit in ("cpu", "memory"):
        if sum(container.get(unit, 0) for container in containers) > int(inputs[unit]):
            raise refuse(OPERATION, f"The sum of all container {unit} is more than the task's {inputs[unit]}.", CLIENT)
    volumes = {volume["name"] for volume in inputs.get("volumes") or ()}
    for container in containers:
        for mount in container.get("mountPoints", ()):
            if mount.get("sourceVolume") not in volumes:
                raise refuse(OPERATION, f"Unknown volume '{mount.get('sourceVolume')}'.", CLIENT)


def _refuse_container(container: Mapping[str, Any], *, has_execution_role: bool) -> None:
    name, image = container.get("name", ""), container.get("image", "")
    log = container.get("logConfiguration") or {}
    options = log.get("options") or {}
    linux = container.get("linuxParameters") or {}
    added = set((linux.get("capabilities") or {}).get("add", ())) - {"SYS_PTRACE"}
    missing = [option for option in AWSLOGS_OPTIONS if option not in options]
    ports = container.get("portMappings", ())
    needs_role = "Fargate requires task definition to have execution role ARN to support"
    refusals = (
        (not name or not image, "Container.name and Container.image should not be null or empty."),
        (container.get("privileged"), "Fargate containers cannot be privileged."),
        (added, f"Fargate does not support to add capabilities: {', '.join(sorted(added))}"),
        (
            container.get("stopTimeout", 0) > MAX_STOP_TIMEOUT_S,
            f"stopTimeout must be at most {MAX_STOP_TIMEOUT_S} seconds on Fargate.",
        ),
        (
            any(port.get("hostPort", port["containerPort"]) != port["containerPort"] for port in ports),
            "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
        ),
        (log.get("logDriver") == "awslogs" and missing, f"Log driver awslogs requires options: {', '.join(missing)}"),
        (log.get("logDriver") == "awslogs" and not has_execution_role, f"{needs_role} log driver awslogs."),
        (REGISTRY.match(image) and not has_execution_role, f"{needs_role} ECR images."),
    )
    message = next((message for is_refused, message in refusals if is_refused), None)
    if message:
        raise refuse(OPERATION, message, CLIENT)


HANDLERS = (TaskDefinition(),)
