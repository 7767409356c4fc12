"""Security group rules of a graph in one form, however they were declared.

Inline blocks (`aws:ec2/securityGroup`), standalone rules (`aws:vpc/securityGroupIngressRule`, `...EgressRule`) and the
older `aws:ec2/securityGroupRule` all count. The provider removes the egress rule that AWS gives a new group, so a
group without declared egress lets nothing out:
https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/ (read 2026-11-21).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opencode_components.testing.graph import Graph, Resource

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
STANDALONE = {
    "ingress": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "egress": "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
}
PROTOCOLS = {"-1": "all", "all": "all", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
"""Protocol numbers by name; https://www.iana.org/assignments/protocol-numbers (read 2026-11-21)."""
LAST_PORT = 65_535


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one group lets in or out, and to or from whom."""

    resource: Resource
    """Where it is declared."""
    direction: str
    """`ingress` or `egress`."""
    group_id: str
    protocol: str
    """`tcp`, `udp`, `icmp`, `all` or a protocol number."""
    from_port: int
    to_port: int
    cidrs: tuple[str, ...]
    peer_groups: tuple[str, ...]
    prefix_lists: tuple[str, ...]

    def covers(self, protocol: str, port: int) -> bool:
        return self.protocol in {"all", protocol} and self.from_port <= port <= self.to_port

    def __str__(self) -> str:
        peers = ", ".join((*self.cidrs, *self.peer_groups, *self.prefix_lists))
        ports = self.from_port if self.from_port == self.to_port else f"{self.from_port}-{self.to_port}"
        way = "from" if self.direction == "ingress" else "to"
        return f"{self.resource}: {self.direction} {self.protocol} {ports} {way} {peers or 'nobody'}"


def rules(graph: Graph) -> tuple[Rule, ...]:
    """Every rule of every group."""
    return tuple(rule for resource in graph for rule in declared_by(resource))


def declared_by(resource: Resource) -> Iterator[Rule]:
    inputs = resource.inputs
    if resource.type in {GROUP, DEFAULT_GROUP}:
        for direction in STANDALONE:
            for block in inputs.get(direction, ()):
                yield block_rule(resource, direction, str(resource.id), block)
    if resource.type == OLD_RULE:
        sources = [inputs["sourceSecurityGroupId"]] if "sourceSecurityGroupId" in inputs else []
        block = {**inputs, "securityGroups": sources}
        yield block_rule(resource, str(inputs["type"]), str(inputs["securityGroupId"]), block)
    for direction, type_ in STANDALONE.items():
        if resource.type == type_:
            yield standalone_rule(resource, direction)


def block_rule(resource: Resource, direction: str, group_id: str, block: Mapping[str, Any]) -> Rule:
    own = (group_id,) if block.get("self") else ()
    return Rule(
        resource=resource,
        direction=direction,
        group_id=group_id,
        **reach(block.get("protocol"), block),
        cidrs=(*block.get("cidrBlocks", ()), *block.get("ipv6CidrBlocks", ())),
        peer_groups=(*block.get("securityGroups", ()), *own),
        prefix_lists=tuple(block.get("prefixListIds", ())),
    )


def standalone_rule(resource: Resource, direction: str) -> Rule:
    inputs = resource.inputs

    def given(*keys: str) -> tuple[str, ...]:
        return tuple(str(inputs[key]) for key in keys if inputs.get(key))

    return Rule(
        resource=resource,
        direction=direction,
        group_id=str(inputs["securityGroupId"]),
        **reach(inputs.get("ipProtocol"), inputs),
        cidrs=given("cidrIpv4", "cidrIpv6"),
        peer_groups=given("referencedSecurityGroupId"),
        prefix_lists=given("prefixListId"),
    )


def reach(protocol: object, ports: Mapping[str, Any]) -> dict[str, Any]:
    """Protocol and port range; every port for a protocol without ports, and for `-1`."""
    name = PROTOCOLS.get(str(protocol), str(protocol))
    first, last = ports.get("fromPort"), ports.get("toPort")
    if name not in {"tcp", "udp"} or first is None or int(first) < 0:
        return {"protocol": name, "from_port": 0, "to_port": LAST_PORT}
    return {"protocol": name, "from_port": int(first), "to_port": int(first if last is None else last)}
