"""What the program declares for an environment, without an engine or a cloud: the bill and the diagram come from it."""

from typing import Any

import yaml

from opencode_components.testing import Graph, Resource, deploy
from opencode_stacks.environment import PROJECT, ROOT


def config_of(environment: str) -> dict[str, Any]:
    """The `config` of Pulumi.<environment>.yaml. Raises FileNotFoundError naming the environments there are."""
    file = ROOT / f"Pulumi.{environment}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(found.stem.removeprefix("Pulumi.") for found in ROOT.glob("Pulumi.*.yaml")))
        raise FileNotFoundError(f"there is no {file.name}; environments: {known}")
    config: dict[str, Any] = yaml.safe_load(file.read_text())["config"]
    return config


def declared(environment: str) -> Graph:
    """The program's graph. Raises ConfigError when the file has faults."""
    return deploy(ROOT / "stacks", config=config_of(environment), stack=environment, project=PROJECT)


def outermost(resource: Resource, graph: Graph) -> Resource:
    """The component directly under the stack that a resource belongs to; itself when it belongs to none."""
    by_urn = {known.urn: known for known in graph}
    while resource.parent in by_urn:
        resource = by_urn[resource.parent]
    return resource
