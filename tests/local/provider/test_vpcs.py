"""VPCs with what is in them: the life of each type, and what EC2 refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ADDRESS = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
RUNTIME = "com.amazonaws.us-east-1.bedrock-runtime"


def vpc(program: Program, block: str = "10.0.0.0/16") -> Made:
    return program.declare(VPC, cidrBlock=block, enableDnsHostnames=True)


def subnet(program: Program, network: Made, number: int = 0, zone: str = "us-east-1a") -> Made:
    return program.declare(SUBNET, vpcId=network.id, cidrBlock=f"10.0.{number}.0/24", availabilityZone=zone)


def nat(program: Program) -> tuple[Made, Made, Made, Made]:
    """A NAT gateway with what it stands on: gateway, VPC's gateway, subnet, address."""
    network = vpc(program)
    internet = program.declare(GATEWAY, vpcId=network.id)
    public = subnet(program, network)
    address = program.declare(ADDRESS, domain="vpc")
    gateway = program.declare(NAT, subnetId=public.id, allocationId=address["allocationId"])
    return gateway, internet, public, address


def test_a_vpc_is_there_as_declared_and_changes_in_place(program: Program) -> None:
    made = program.declare(VPC, cidrBlock="10.0.0.0/16", tags={"Name": "net"})

    assert made["defaultSecurityGroupId"].startswith("sg-")
    assert made["tagsAll"] == {"owner": "platform", "Name": "net"}
    after = lives_and_changes(
        program,
        made,
        {"enableDnsHostnames": True, "tags": True},
        cidrBlock="10.0.0.0/16",
        enableDnsHostnames=True,
        tags={"Name": "network"},
    )
    assert program.plan(after, cidrBlock="10.1.0.0/16", enableDnsHostnames=True, tags={"Name": "network"}) == {
        "cidrBlock": True
    }
    leaves_nothing(program, after)


def test_a_subnet_is_there_as_declared_and_changes_in_place(program: Program) -> None:
    network = vpc(program)
    place = {"vpcId": network.id, "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1b"}
    made = program.declare(SUBNET, **place)

    after = lives_and_changes(program, made, {"mapPublicIpOnLaunch": True}, **place, mapPublicIpOnLaunch=True)

    assert after["availabilityZoneId"]
    assert program.plan(after, **{**place, "cidrBlock": "10.0.2.0/24"}, mapPublicIpOnLaunch=True) == {"cidrBlock": True}
    leaves_nothing(program, after)


def test_an_internet_gateway_moves_to_another_vpc(program: Program) -> None:
    first, second = vpc(program), vpc(program, "10.1.0.0/16")
    made = program.declare(GATEWAY, vpcId=first.id)

    after = lives_and_changes(program, made, {"vpcId": True}, vpcId=second.id)

    leaves_nothing(program, after)


def test_a_route_is_found_in_its_table_and_leads_elsewhere_after_a_change(program: Program) -> None:
    gateway, internet, public, _ = nat(program)
    table = program.declare(TABLE, vpcId=public["vpcId"])
    way = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0"}
    made = program.declare(ROUTE, **way, gatewayId=internet.id)

    after = lives_and_changes(program, made, {"gatewayId": True, "natGatewayId": True}, **way, natGatewayId=gateway.id)

    assert after["state"] == "active"
    assert program.plan(after, **{**way, "destinationCidrBlock": "1.0.0.0/8"}, natGatewayId=gateway.id) == {
        "destinationCidrBlock": True
    }
    leaves_nothing(program, after)
    leaves_nothing(program, table)


def test_a_subnet_changes_its_route_table_without_a_new_association(program: Program) -> None:
    network = vpc(program)
    place = subnet(program, network)
    first, second = program.declare(TABLE, vpcId=network.id), program.declare(TABLE, vpcId=network.id)
    made = program.declare(ASSOCIATION, routeTableId=first.id, subnetId=place.id)

    after = lives_and_changes(program, made, {"routeTableId": True}, routeTableId=second.id, subnetId=place.id)

    leaves_nothing(program, after)


def test_a_nat_gateway_holds_its_address_subnet_and_internet_gateway_until_it_is_gone(program: Program) -> None:
    gateway, internet, public, address = nat(program)
    assert_as_declared(program, gateway)
    assert gateway["publicIp"] == address["publicIp"]

    for needed, code in (
        (internet, "DependencyViolation"),
        (public, "DependencyViolation"),
        (address, "InvalidIPAddress.InUse"),
    ):
        with pytest.raises(Refused, match=code):
            program.remove(needed)

    for made in (gateway, address, public, internet):
        leaves_nothing(program, made)


def test_a_gateway_endpoint_is_there_as_declared_and_changes_its_tables(program: Program) -> None:
    network = vpc(program)
    tables = [program.declare(TABLE, vpcId=network.id).id for _ in range(2)]
    place = {"vpcId": network.id, "serviceName": "com.amazonaws.us-east-1.s3", "vpcEndpointType": "Gateway"}
    made = program.declare(ENDPOINT, **place, routeTableIds=tables[:1])

    after = lives_and_changes(program, made, {"routeTableIds": True}, **place, routeTableIds=tables)

    assert after["prefixListId"].startswith("pl-")
    leaves_nothing(program, after)


def test_an_interface_endpoint_is_there_as_declared_and_changes_its_groups(program: Program) -> None:
    network = vpc(program)
    place = subnet(program, network)
    groups = [program.declare(GROUP, vpcId=network.id, name=name, description="ends").id for name in ("a", "b")]
    declared = {"vpcId": network.id, "serviceName": RUNTIME, "vpcEndpointType": "Interface", "subnetIds": [place.id]}
    made = program.declare(ENDPOINT, **declared, privateDnsEnabled=True, securityGroupIds=groups[:1])

    after = lives_and_changes(
        program, made, {"securityGroupIds": True}, **declared, privateDnsEnabled=True, securityGroupIds=groups[1:]
    )

    leaves_nothing(program, after)
    leaves_nothing(program, place)


def test_flow_logs_go_to_a_log_group_by_a_role(program: Program) -> None:
    network = vpc(program)
    program.client("logs").create_log_group(logGroupName="flows")
    program.client("iam").create_role(RoleName="flows", AssumeRolePolicyDocument="{}")
    account = program.aws.account_id
    declared = {
        "vpcId": network.id,
        "trafficType": "ALL",
        "logDestination": f"arn:aws:logs:us-east-1:{account}:log-group:flows",
        "iamRoleArn": f"arn:aws:iam::{account}:role/flows",
    }
    made = program.declare(FLOW_LOG, **declared)

    assert_as_declared(program, made)
    assert program.plan(made, **{**declared, "trafficType": "REJECT"}) == {"trafficType": True}
    leaves_nothing(program, made)


def test_two_availability_zones_of_one_account_do_not_meet_those_of_another_region(program: Program) -> None:
    made = program.declare(VPC, cidrBlock="10.0.0.0/16", region="eu-west-1")

    assert made["region"] == "eu-west-1"
    assert made["arn"].startswith("arn:aws:ec2:eu-west-1:")
    assert_as_declared(program, made)
    leaves_nothing(program, made)


UNKNOWN = {"vpc": "vpc-11111111", "subnet": "subnet-11111111", "table": "rtb-11111111", "group": "sg-11111111"}
REFUSALS: dict[str, tuple[str, Callable[[Program], dict[str, Any]], str]] = {
    "a range that is too wide": (VPC, lambda _: {"cidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range"),
    "a subnet of no VPC": (
        SUBNET,
        lambda _: {"vpcId": UNKNOWN["vpc"], "cidrBlock": "10.0.0.0/24"},
        "InvalidVpcID.NotFound",
    ),
    "a subnet outside its VPC": (
        SUBNET,
        lambda program: {"vpcId": vpc(program).id, "cidrBlock": "192.168.0.0/24"},
        "InvalidSubnet.Range",
    ),
    "a zone of another region": (
        SUBNET,
        lambda program: {"vpcId": vpc(program).id, "cidrBlock": "10.0.0.0/24", "availabilityZone": "eu-west-1a"},
        "InvalidParameterValue",
    ),
    "an internet gateway of no VPC": (GATEWAY, lambda _: {"vpcId": UNKNOWN["vpc"]}, "InvalidVpcID.NotFound"),
    "a second internet gateway": (
        GATEWAY,
        lambda program: {"vpcId": program.declare(GATEWAY, vpcId=vpc(program).id)["vpcId"]},
        "Resource.AlreadyAssociated",
    ),
    "a route table of no VPC": (TABLE, lambda _: {"vpcId": UNKNOWN["vpc"]}, "InvalidVpcID.NotFound"),
    "a route to a NAT gateway that is not there": (
        ROUTE,
        lambda program: {
            "routeTableId": program.declare(TABLE, vpcId=vpc(program).id).id,
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": "nat-11111111",
        },
        "InvalidNatGatewayID.NotFound",
    ),
    "a route to another VPC's internet gateway": (
        ROUTE,
        lambda program: {
            "routeTableId": program.declare(TABLE, vpcId=vpc(program).id).id,
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": program.declare(GATEWAY, vpcId=vpc(program, "10.1.0.0/16").id).id,
        },
        "different networks",
    ),
    "a route that leads nowhere": (
        ROUTE,
        lambda _: {"routeTableId": UNKNOWN["table"], "destinationCidrBlock": "0.0.0.0/0"},
        "exactly one of gatewayId",
    ),
    "a table for a subnet that is not there": (
        ASSOCIATION,
        lambda program: {
            "routeTableId": program.declare(TABLE, vpcId=vpc(program).id).id,
            "subnetId": UNKNOWN["subnet"],
        },
        "InvalidSubnetID.NotFound",
    ),
    "a NAT gateway without an internet gateway beside it": (
        NAT,
        lambda program: {
            "subnetId": subnet(program, vpc(program)).id,
            "allocationId": program.declare(ADDRESS, domain="vpc")["allocationId"],
        },
        "Gateway.NotAttached",
    ),
    "a NAT gateway with a used address": (
        NAT,
        lambda program: {"subnetId": (made := nat(program))[2].id, "allocationId": made[3]["allocationId"]},
        "Resource.AlreadyAssociated",
    ),
    "an address of an unknown domain": (ADDRESS, lambda _: {"domain": "moon"}, "enum value set"),
    "an endpoint of no service": (
        ENDPOINT,
        lambda program: {"vpcId": vpc(program).id, "serviceName": "com.amazonaws.us-east-1.nothing"},
        "InvalidServiceName",
    ),
    "an endpoint of another region's service": (
        ENDPOINT,
        lambda program: {"vpcId": vpc(program).id, "serviceName": "com.amazonaws.eu-west-1.s3"},
        "InvalidServiceName",
    ),
    "a gateway endpoint of a service that has only interfaces": (
        ENDPOINT,
        lambda program: {"vpcId": vpc(program).id, "serviceName": RUNTIME, "vpcEndpointType": "Gateway"},
        "InvalidServiceName",
    ),
    "an endpoint with a group that is not there": (
        ENDPOINT,
        lambda program: {
            "vpcId": vpc(program).id,
            "serviceName": RUNTIME,
            "vpcEndpointType": "Interface",
            "securityGroupIds": [UNKNOWN["group"]],
        },
        "InvalidGroup.NotFound",
    ),
    "private names in a VPC without host names": (
        ENDPOINT,
        lambda program: {
            "vpcId": program.declare(VPC, cidrBlock="10.0.0.0/16").id,
            "serviceName": RUNTIME,
            "vpcEndpointType": "Interface",
            "privateDnsEnabled": True,
        },
        "enableDnsHostnames",
    ),
    "an endpoint with two subnets of one zone": (
        ENDPOINT,
        lambda program: {
            "vpcId": (network := vpc(program)).id,
            "serviceName": RUNTIME,
            "vpcEndpointType": "Interface",
            "subnetIds": [subnet(program, network, number).id for number in range(2)],
        },
        "DuplicateSubnetsInSameZone",
    ),
    "flow logs by a role that is not there": (
        FLOW_LOG,
        lambda program: {
            "vpcId": vpc(program).id,
            "trafficType": "ALL",
            "logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:flows",
            "iamRoleArn": "arn:aws:iam::123456789012:role/nobody",
        },
        "NoSuchEntity",
    ),
    "a property that we do not make": (
        SUBNET,
        lambda program: {"vpcId": vpc(program).id, "cidrBlock": "10.0.0.0/24", "ipv6Native": True},
        "ipv6Native: not supported",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_ec2_refuses(program: Program, case: str) -> None:
    token, inputs, words = REFUSALS[case]
    declared = inputs(program)
    with pytest.raises(Refused, match=words):
        program.declare(token, **declared)
