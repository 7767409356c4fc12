"""Attributes of load balancers, target groups and listeners: all text in AWS, typed properties in the engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.handler import Fault, Properties
from opencode_local.provider.members import Member, value
from opencode_local.provider.tags import changes, mapping, pairs


@dataclass(frozen=True)
class Attribute:
    """A property, AWS's key for it, and what AWS has while nobody sets it, in the property's type."""

    property: str
    key: str
    default: Any
    allowed: Sequence[Any] | None = None
    """The values that AWS takes, where that is not every one of the type."""


def declarable(attributes: Iterable[Attribute]) -> tuple[Member, ...]:
    return tuple(value(attribute.property) for attribute in attributes)


def faults(attributes: Iterable[Attribute], inputs: Mapping[str, Any]) -> list[Fault]:
    """One for each value that AWS does not take."""
    declared = [(each, inputs[each.property]) for each in attributes if inputs.get(each.property) is not None]
    return [
        Fault(each.property, f"expected {_worded(each.allowed)}, got {given!r}")
        for each, given in declared
        if each.allowed is not None and given not in each.allowed
    ]


def request(attributes: Iterable[Attribute], inputs: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every attribute, so that one that is no longer declared gets its default back."""
    return [
        {"Key": attribute.key, "Value": text(_chosen(attribute, inputs.get(attribute.property)))}
        for attribute in attributes
    ]


def properties(attributes: Iterable[Attribute], there: Sequence[Mapping[str, str]]) -> Properties:
    """From AWS's answer, with the default of each attribute that it does not mention."""
    known = mapping(there)
    return {each.property: _typed(each, known.get(each.key)) for each in attributes}


def text(declared: Any) -> str:
    return str(declared).lower() if isinstance(declared, bool) else str(declared)


def retag(aws: Aws, arn: str, old: Properties, new: Properties) -> None:
    client = aws.client("elbv2")
    added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
    if removed:
        client.remove_tags(ResourceArns=[arn], TagKeys=removed)
    if added:
        client.add_tags(ResourceArns=[arn], Tags=pairs(added))


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    described = aws.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return mapping(described[0].get("Tags")) if described else {}


def tagging(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The member `Tags` of a request; AWS refuses an empty one."""
    tags = inputs.get("tagsAll")
    return {"Tags": pairs(tags)} if tags else {}


def _worded(allowed: Sequence[Any]) -> str:
    if isinstance(allowed, range):
        return f"{allowed.start} to {allowed.stop - 1}"
    return f"one of {', '.join(map(str, allowed))}"


def _chosen(attribute: Attribute, declared: Any) -> Any:
    return attribute.default if declared is None else declared


def _typed(attribute: Attribute, there: str | None) -> Any:
    if there is None:
        return attribute.default
    if isinstance(attribute.default, bool):
        return there == "true"
    return int(there) if isinstance(attribute.default, int) else there
