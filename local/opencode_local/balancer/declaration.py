"""What a program declares of a resource, and the names that it got."""

from collections.abc import Mapping
from typing import Any

from opencode_components.testing.graph import Resource

GIVEN = ("arn", "name")


def declaration(resource: Resource) -> Mapping[str, Any]:
    """Its inputs with its ARN and name. What is not declared is absent: each reader knows AWS's default."""
    return {**resource.inputs, **{key: resource.outputs[key] for key in GIVEN if resource.outputs.get(key)}}
