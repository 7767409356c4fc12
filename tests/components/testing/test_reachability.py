"""Who reaches whom follows from the security groups of both ends."""

from typing import Any

import pulumi_aws as aws
import pytest

from opencode_components.testing import Deploy, Graph, can_reach

TCP = {"ip_protocol": "tcp"}


def network() -> None:
    """Everyone to the balancer on 443, it to the tasks on 8080, they to the cache by an old rule, and to S3."""
    vpc = aws.ec2.Vpc("core", cidr_block="10.0.0.0/16")
    subnet = aws.ec2.Subnet("inner", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
    web, tasks, cache = (aws.ec2.SecurityGroup(name, vpc_id=vpc.id) for name in ("web", "tasks", "cache"))
    hop: dict[str, Any] = {**TCP, "from_port": 8080, "to_port": 8080}
    https: dict[str, Any] = {**TCP, "from_port": 443, "to_port": 443}
    ingress, egress = aws.vpc.SecurityGroupIngressRule, aws.vpc.SecurityGroupEgressRule
    ingress("web-in", security_group_id=web.id, cidr_ipv4="203.0.113.0/24", **https)
    ingress("web-in-6", security_group_id=web.id, cidr_ipv6="2001:db8::/32", **https)
    egress("web-out", security_group_id=web.id, referenced_security_group_id=tasks.id, **hop)
    ingress("tasks-in", security_group_id=tasks.id, referenced_security_group_id=web.id, **hop)
    rule: dict[str, Any] = {"protocol": "tcp", "from_port": 6379, "to_port": 6380}
    for name, type_, group, peer in (("a", "egress", tasks, cache), ("b", "ingress", cache, tasks)):
        aws.ec2.SecurityGroupRule(
            name, type=type_, security_group_id=group.id, source_security_group_id=peer.id, **rule
        )
    everything: dict[str, Any] = {"protocol": "-1", "from_port": 0, "to_port": 0}
    itself: Any = {**everything, "self": True}
    anywhere: Any = {**everything, "cidr_blocks": ["0.0.0.0/0"]}
    aws.ec2.SecurityGroup(
        "island",
        vpc_id=vpc.id,
        ingress=[
            itself,
            {"protocol": "udp", "from_port": 53, "to_port": 53, "cidr_blocks": ["10.0.1.0/24"]},
        ],
        egress=[anywhere],
    )
    gate = aws.ec2.VpcEndpoint("s3", vpc_id=vpc.id, service_name="s3", route_table_ids=["rtb-1"])
    egress("tasks-s3", security_group_id=tasks.id, prefix_list_id=gate.prefix_list_id, **https)
    aws.lb.LoadBalancer("front", security_groups=[web.id])
    aws.ecs.Service("router", network_configuration={"subnets": [subnet.id], "security_groups": [tasks.id]})
    aws.sqs.Queue("queue")


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(network)


ENDS = {"front": "aws:lb/*", "router": "aws:ecs/*", "s3": "aws:ec2/vpcEndpoint*", "queue": "aws:sqs/*"}


def end(graph: Graph, name: str) -> Any:
    if "." in name or ":" in name:
        return name
    return graph.one(ENDS.get(name, "aws:ec2/securityGroup:*"), name)


@pytest.mark.parametrize(
    ("source", "destination", "port", "protocol", "expected"),
    [
        ("203.0.113.0/24", "front", 443, "tcp", True),
        ("203.0.113.7/32", "front", 443, "tcp", True),
        ("0.0.0.0/0", "front", 443, "tcp", True),
        ("198.51.100.0/24", "front", 443, "tcp", False),
        ("2001:db8::1/128", "front", 443, "tcp", True),
        ("2001:db9::1/128", "front", 443, "tcp", False),
        ("203.0.113.0/24", "front", 80, "tcp", False),
        ("203.0.113.0/24", "front", 443, "udp", False),
        ("front", "router", 8080, "tcp", True),
        ("web", "tasks", 8080, "tcp", True),
        ("router", "front", 443, "tcp", False),
        ("0.0.0.0/0", "router", 8080, "tcp", False),
        ("front", "router", 8081, "tcp", False),
        ("router", "cache", 6379, "tcp", True),
        ("router", "cache", 6380, "tcp", True),
        ("router", "cache", 6381, "tcp", False),
        ("cache", "router", 6379, "tcp", False),
        ("island", "island", 9, "tcp", True),
        ("island", "island", 9, "icmp", True),
        ("10.0.1.0/24", "island", 53, "udp", True),
        ("router", "island", 53, "udp", False),
        ("island", "0.0.0.0/0", 25, "tcp", True),
        ("router", "0.0.0.0/0", 443, "tcp", False),
        ("router", "s3", 443, "tcp", True),
        ("front", "s3", 443, "tcp", False),
    ],
)
def test_reach_follows_the_rules_of_both_ends(
    graph: Graph, source: str, destination: str, port: int, protocol: str, expected: bool
) -> None:
    reach = can_reach(graph, end(graph, source), end(graph, destination), port, protocol)

    assert bool(reach) is expected, str(reach)


def test_the_answer_names_the_rules_that_decided(graph: Graph) -> None:
    reach = can_reach(graph, end(graph, "front"), end(graph, "router"), 8080)

    assert reach.egress_rule is not None
    assert reach.ingress_rule is not None
    assert [reach.egress_rule.resource.name, reach.ingress_rule.resource.name] == ["web-out", "tasks-in"]
    assert "egress tcp 8080" in str(reach)
    assert "no egress rule of the source" in can_reach(graph, end(graph, "router"), end(graph, "front"), 1).reason
    assert "no ingress rule of the destination" in can_reach(graph, "0.0.0.0/0", end(graph, "tasks"), 8080).reason


def test_a_range_that_is_admitted_in_part_is_told_from_one_admitted_whole(graph: Graph) -> None:
    assert can_reach(graph, "203.0.113.0/25", end(graph, "front"), 443).whole_range
    assert not can_reach(graph, "0.0.0.0/0", end(graph, "front"), 443).whole_range


def test_what_is_in_no_group_is_refused(graph: Graph) -> None:
    with pytest.raises(ValueError, match="in no security group"):
        can_reach(graph, end(graph, "queue"), end(graph, "front"), 443)
    with pytest.raises(ValueError, match="internet"):
        can_reach(graph, "internet", end(graph, "front"), 443)
