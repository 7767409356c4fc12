"""Security groups with rules inside and beside them, and the default group of a VPC."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
WEB = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"], "description": "HTTPS"}
HTTPS: dict[str, Any] = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
NO_GROUP = "sg-11111111"
OPEN = {"CidrIp": "0.0.0.0/0"}


def vpc(program: Program) -> Made:
    return program.declare("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")


def group(program: Program, name: str = "group", network: Made | None = None) -> Made:
    place = network or vpc(program)
    return program.declare(GROUP, vpcId=place.id, name=name, description="a group")


def test_a_group_without_rules_lets_nothing_in_or_out(program: Program) -> None:
    made = group(program)

    there = program.client("ec2").describe_security_groups(GroupIds=[made.id])["SecurityGroups"][0]

    assert there["IpPermissions"] == there["IpPermissionsEgress"] == []
    assert_as_declared(program, made)
    leaves_nothing(program, made)


def test_rules_inside_a_group_are_there_as_declared_and_change_in_place(program: Program) -> None:
    declared = {"vpcId": vpc(program).id, "name": "web", "description": "web"}
    inner = {"protocol": "tcp", "fromPort": 8080, "toPort": 8081, "self": True}
    made = program.declare(GROUP, **declared, ingress=[WEB])

    after = lives_and_changes(
        program,
        made,
        {"ingress": True, "egress": True},
        **declared,
        ingress=[WEB, inner],
        egress=[{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
    )

    leaves_nothing(program, after)


def test_a_rule_added_by_hand_to_a_group_with_rules_inside_is_drift(program: Program) -> None:
    made = program.declare(GROUP, vpcId=vpc(program).id, name="web", description="web", ingress=[WEB])

    program.client("ec2").authorize_security_group_ingress(
        GroupId=made.id, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [OPEN]}]
    )

    assert {rule["fromPort"] for rule in program.drift(made)["ingress"]} == {22, 443}


def test_another_description_makes_another_group(program: Program) -> None:
    made = group(program)

    assert program.plan(made, vpcId=made["vpcId"], name="group", description="other") == {"description": True}


@pytest.mark.parametrize("token", [INGRESS, EGRESS])
def test_a_rule_beside_its_group_is_there_as_declared_and_changes_in_place(program: Program, token: str) -> None:
    owner = group(program)
    made = program.declare(token, securityGroupId=owner.id, cidrIpv4="10.0.0.0/16", **HTTPS)

    after = lives_and_changes(
        program,
        made,
        {"toPort": True, "cidrIpv4": True, "description": True},
        securityGroupId=owner.id,
        cidrIpv4="10.1.0.0/16",
        description="two ports",
        **{**HTTPS, "toPort": 444},
    )

    leaves_nothing(program, after)


def test_a_rule_names_another_group_which_then_cannot_go(program: Program) -> None:
    network = vpc(program)
    owner, other = group(program, "owner", network), group(program, "other", network)
    declared = {"securityGroupId": owner.id, "referencedSecurityGroupId": other.id, **HTTPS}
    made = program.declare(INGRESS, **declared, description="from the other")

    after = lives_and_changes(program, made, {"description": True}, **declared, description="from another")

    with pytest.raises(Refused, match="DependencyViolation"):
        program.remove(other)
    leaves_nothing(program, after)
    leaves_nothing(program, other)


def test_a_rule_for_every_protocol_has_no_ports(program: Program) -> None:
    made = program.declare(EGRESS, securityGroupId=group(program).id, cidrIpv4="0.0.0.0/0", ipProtocol="-1")

    assert "fromPort" not in made.outputs
    assert_as_declared(program, made)
    leaves_nothing(program, made)


def test_the_default_group_is_taken_over_emptied_and_left(program: Program) -> None:
    network = vpc(program)
    made = program.declare(DEFAULT_GROUP, vpcId=network.id, ingress=[], egress=[])

    assert made.id == network["defaultSecurityGroupId"]
    there = program.client("ec2").describe_security_groups(GroupIds=[made.id])["SecurityGroups"][0]
    assert there["IpPermissions"] == there["IpPermissionsEgress"] == []
    after = lives_and_changes(program, made, {"ingress": True}, vpcId=network.id, ingress=[WEB], egress=[])
    program.remove(after)
    assert program.is_there(after)
    leaves_nothing(program, network)


REFUSALS: dict[str, tuple[str, Callable[[Program], dict[str, Any]], str]] = {
    "a group of no VPC": (
        GROUP,
        lambda _: {"vpcId": "vpc-11111111", "name": "a", "description": "b"},
        "InvalidVpcID.NotFound",
    ),
    "two groups of one name": (
        GROUP,
        lambda program: {"vpcId": group(program, "same")["vpcId"], "name": "same", "description": "b"},
        "InvalidGroup.Duplicate",
    ),
    "a rule of no group": (
        INGRESS,
        lambda _: {"securityGroupId": NO_GROUP, "cidrIpv4": "10.0.0.0/8", **HTTPS},
        "InvalidGroup.NotFound",
    ),
    "a rule from no group": (
        INGRESS,
        lambda program: {"securityGroupId": group(program).id, "referencedSecurityGroupId": NO_GROUP, **HTTPS},
        "InvalidGroup.NotFound",
    ),
    "a rule from two places": (
        INGRESS,
        lambda _: {"securityGroupId": NO_GROUP, "cidrIpv4": "10.0.0.0/8", "cidrIpv6": "::/0", **HTTPS},
        "exactly one of",
    ),
    "a rule without ports": (
        INGRESS,
        lambda _: {"securityGroupId": NO_GROUP, "cidrIpv4": "10.0.0.0/8", "ipProtocol": "tcp"},
        "needs fromPort and toPort",
    ),
    "a range that is none": (
        INGRESS,
        lambda program: {"securityGroupId": group(program).id, "cidrIpv4": "10.0.0.0/99", **HTTPS},
        "InvalidParameterValue",
    ),
    "the default group of no VPC": (DEFAULT_GROUP, lambda _: {"vpcId": "vpc-11111111"}, "InvalidVpcID.NotFound"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_ec2_refuses(program: Program, case: str) -> None:
    token, inputs, words = REFUSALS[case]
    declared = inputs(program)
    with pytest.raises(Refused, match=words):
        program.declare(token, **declared)


def test_a_rule_is_not_written_twice(program: Program) -> None:
    declared = {"securityGroupId": group(program).id, "cidrIpv4": "10.0.0.0/16", **HTTPS}
    program.declare(INGRESS, **declared)

    with pytest.raises(Refused, match=r"InvalidPermission\.Duplicate"):
        program.declare(INGRESS, **declared)
