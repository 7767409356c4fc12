"""What the program declares for an environment, without an engine or a cloud: the bill and the diagram come from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from opencode_components.testing import Graph, Resource, deploy
from opencode_stacks.environment import PROJECT, ROOT


def config_of(environment: str, folder: Path = ROOT) -> dict[str, Any]:
    """The `config` of Pulumi.<environment>.yaml. Raises FileNotFoundError naming the environments there are."""
    file = folder / f"Pulumi.{environment}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(found.stem.removeprefix("Pulumi.") for found in folder.glob("Pulumi.*.yaml")))
        raise FileNotFoundError(f"there is no {file.name} in {folder}; environments there: {known}")
    config: dict[str, Any] = yaml.safe_load(file.read_text())["config"]
    return config


def declared(environment: str) -> Graph:
    """The program's graph. Raises ConfigError when the file has faults."""
    return deploy(ROOT / "stacks", config=config_of(environment), stack=environment, project=PROJECT)


def outermost(graph: Graph) -> Mapping[str, Resource]:
    """By URN of each resource, the component directly under the stack that it belongs to; itself when there is none."""
    by_urn = {resource.urn: resource for resource in graph}

    def home(resource: Resource) -> Resource:
        return home(by_urn[resource.parent]) if resource.parent in by_urn else resource

    return {urn: home(resource) for urn, resource in by_urn.items()}
