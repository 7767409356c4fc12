"""Inputs as declared made into inputs as applied: checked against the schema, named, and tagged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opencode_local.provider import property_schema
from opencode_local.provider.aws import Aws
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.naming import declared, named
from opencode_local.provider.wire import UNKNOWN, is_known


@dataclass(frozen=True)
class Declaration:
    """One resource of a program: its logical name, its inputs, and those that it had before."""

    name: str
    inputs: Mapping[str, Any]
    old: Mapping[str, Any] = field(default_factory=dict)
    seed: bytes = b""


def checked(handler: Handler, aws: Aws, declaration: Declaration) -> tuple[Properties, list[Fault]]:
    """The inputs to apply, and what is wrong with them."""
    found = property_schema.faults(handler.token, declaration.inputs)
    inputs, too_long = named(handler.auto_name, declaration.name, declaration.inputs, declaration.old, declaration.seed)
    found += too_long
    if property_schema.resource_schema(handler.token).is_tagged:
        inputs["tagsAll"] = all_tags(aws, inputs.get("tags"))
    if not found and is_known(inputs):
        found += handler.check(in_region(aws, inputs), declared(inputs))
    return inputs, found


def all_tags(aws: Aws, tags: Any) -> Any:
    """The provider's default tags under the resource's own."""
    if not is_known(tags):
        return UNKNOWN
    return {**aws.default_tags, **(tags or {})}


def in_region(aws: Aws, properties: Mapping[str, Any]) -> Aws:
    """The region that the resource asks for, else the provider's."""
    region = properties.get("region")
    return aws.at(region) if isinstance(region, str) and region else aws
