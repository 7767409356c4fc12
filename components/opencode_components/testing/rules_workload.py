"""Security rules of containers and alarms."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.security_rule import Breach, Rule

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
ALARMS = ("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm")
ROOT_USERS = {"", "root", "0"}

Container = Mapping[str, Any]


def containers(graph: Graph) -> Iterator[tuple[Resource, Container]]:
    for task in graph.all(TASK_DEFINITION):
        definitions = task.inputs["containerDefinitions"]
        parsed = json.loads(definitions) if isinstance(definitions, str) else definitions
        yield from ((task, container) for container in parsed)


def read_only_root(graph: Graph) -> Iterator[Breach]:
    for task, container in containers(graph):
        if not container.get("readonlyRootFilesystem"):
            yield task, f"container {container['name']} can write to its image's files"


def not_root(graph: Graph) -> Iterator[Breach]:
    for task, container in containers(graph):
        if str(container.get("user", "")).partition(":")[0] in ROOT_USERS:
            yield task, f"container {container['name']} does not say that it runs as another user than root"


def not_privileged(graph: Graph) -> Iterator[Breach]:
    for task, container in containers(graph):
        if container.get("privileged"):
            yield task, f"container {container['name']} is privileged"


def pinned_image(graph: Graph) -> Iterator[Breach]:
    for task, container in containers(graph):
        if "@sha256:" not in container["image"]:
            yield task, f"container {container['name']} runs {container['image']}, which may change"


def logs_configured(graph: Graph) -> Iterator[Breach]:
    for task, container in containers(graph):
        if not container.get("logConfiguration", {}).get("logDriver"):
            yield task, f"container {container['name']} logs to nowhere"


def alarms_tell_someone(graph: Graph) -> Iterator[Breach]:
    for alarm in (alarm for kind in ALARMS for alarm in graph.all(kind)):
        if not alarm.inputs.get("alarmActions") or alarm.inputs.get("actionsEnabled") is False:
            yield alarm, "rings where nobody hears it"


RULES = (
    Rule(
        "container-root-filesystem",
        "an intruder could replace the program",
        "set readonlyRootFilesystem, with volumes for what must be written",
        read_only_root,
    ),
    Rule("container-user", "root in the container is one bug from root outside", "set user to a number", not_root),
    Rule("container-privileged", "it owns the machine", "leave privileged out", not_privileged),
    Rule(
        "container-image",
        "a tag may name another image at the next start",
        "refer to the image by digest",
        pinned_image,
    ),
    Rule("container-log", "nobody can tell what happened", "set logConfiguration", logs_configured),
    Rule("alarm-action", "nobody learns of the fault", "set alarm_actions to a topic", alarms_tell_someone),
)
