"""Who can open a connection to whom, as security groups decide it.

A connection needs an egress rule at its source and an ingress rule at its destination; answers need none, because
groups are stateful: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html (read 2026-11-21).
Routes, network ACLs and resource policies are not looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.security_group_rules import GROUP, Rule, rules

Network = IPv4Network | IPv6Network
GROUP_PROPERTIES = ("securityGroups", "securityGroupIds", "vpcSecurityGroupIds")
SUBNET_PROPERTIES = ("subnets", "subnetIds", "subnetId")
NESTED = ("networkConfiguration", "vpcConfig", "vpcOptions")
"""Blocks in which ECS services, Lambda functions and OpenSearch domains name their groups and subnets."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One end of a connection."""

    title: str
    groups: frozenset[str]
    addresses: tuple[Network, ...]
    prefix_lists: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The answer, true or false, with the rules that gave it."""

    reachable: bool
    reason: str
    egress_rule: Rule | None = None
    ingress_rule: Rule | None = None
    whole_range: bool = False
    """Whether rules admit every address of a source that is a CIDR, not only some."""

    def __bool__(self) -> bool:
        return self.reachable

    def __str__(self) -> str:
        return self.reason


def can_reach(
    graph: Graph, source: Resource | str, destination: Resource | str, port: int, protocol: str = "tcp"
) -> Reach:
    """Whether a connection from `source` to `port` of `destination` passes both ends' security groups.

    Either end is a CIDR like `0.0.0.0/0`, a security group, or a resource that is in groups (load balancer, ECS
    service, VPC endpoint, Lambda function ...). A CIDR stands for any address in it: one admitted address is enough.
    Raises ValueError for a text that is no CIDR and for a resource without security groups.
    """
    here, there = place(graph, source), place(graph, destination)
    every = [rule for rule in rules(graph) if rule.covers(protocol, port)]
    out = deciding(every, "egress", here, there)
    into = deciding(every, "ingress", there, here)
    asked = f"{protocol} {port} from {here.title} to {there.title}"
    if here.groups and out is None:
        return Reach(reachable=False, reason=f"{asked}: no egress rule of the source lets it out", ingress_rule=into)
    if there.groups and into is None:
        return Reach(reachable=False, reason=f"{asked}: no ingress rule of the destination lets it in", egress_rule=out)
    passed = "; ".join(str(rule) for rule in (out, into) if rule)
    return Reach(
        reachable=True,
        reason=f"{asked}: {passed or 'neither end has a security group'}",
        egress_rule=out,
        ingress_rule=into,
        whole_range=into is None or covers_all(into, here),
    )


def place(graph: Graph, end: Resource | str) -> Place:
    if isinstance(end, str):
        return Place(title=end, groups=frozenset(), addresses=(ip_network(end),))
    properties = flat(end)
    groups = {str(end.id)} if end.type == GROUP else {str(id_) for id_ in listed(properties, GROUP_PROPERTIES)}
    prefix_lists = frozenset({str(end.outputs["prefixListId"])} if "routeTableIds" in end.inputs else ())
    if not groups and not prefix_lists:
        raise ValueError(f"{end} is in no security group; ask for a group, a CIDR or a resource that is in one")
    return Place(
        title=repr(end),
        groups=frozenset(groups),
        addresses=tuple(addresses(graph, end, properties)),
        prefix_lists=prefix_lists,
    )


def flat(resource: Resource) -> dict[str, Any]:
    """Inputs, with those of the blocks that hold groups and subnets."""
    inputs = dict(resource.inputs)
    for block in NESTED:
        inputs.update(inputs.get(block, {}))
    return inputs


def listed(properties: Mapping[str, Any], keys: Iterable[str]) -> list[Any]:
    values = [properties[key] for key in keys if key in properties]
    return [entry for value in values for entry in (value if isinstance(value, list) else [value])]


def addresses(graph: Graph, resource: Resource, properties: Mapping[str, Any]) -> Iterable[Network]:
    """Ranges of the subnets it is in; of the whole VPC for a group."""
    for id_ in [*listed(properties, SUBNET_PROPERTIES), properties.get("vpcId")]:
        home = graph.identified(id_)
        if home is not None and "cidrBlock" in home.outputs:
            yield ip_network(home.outputs["cidrBlock"])


def deciding(every: Iterable[Rule], direction: str, owner: Place, peer: Place) -> Rule | None:
    """The first rule of the owner's groups that admits the peer."""
    return next((r for r in every if r.direction == direction and r.group_id in owner.groups and admits(r, peer)), None)


def admits(rule: Rule, peer: Place) -> bool:
    return (
        not peer.groups.isdisjoint(rule.peer_groups)
        or not peer.prefix_lists.isdisjoint(rule.prefix_lists)
        or any(overlap(ip_network(cidr), address) for cidr in rule.cidrs for address in peer.addresses)
    )


def overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def covers_all(rule: Rule, peer: Place) -> bool:
    """Whether each of the peer's ranges lies within one range of the rule."""
    if not peer.groups.isdisjoint(rule.peer_groups):
        return True
    return all(any(within(address, ip_network(cidr)) for cidr in rule.cidrs) for address in peer.addresses)


def within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network) and inner.subnet_of(outer)
