"""A network as it would be deployed."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from opencode_components.network import NEEDED_WITHOUT_EGRESS, Network, NetworkArgs
from opencode_components.testing import Graph, Resource
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.reachability import can_reach

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
NAT = "aws:ec2/natGateway:NatGateway"
ADDRESS = "aws:ec2/eip:Eip"
INTERNET = "aws:ec2/internetGateway:InternetGateway"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
ANYWHERE = "0.0.0.0/0"
PHYSICAL_NAMES = ("name", "namePrefix", "bucket", "family", "groupName")


def network_args(**changes: Any) -> NetworkArgs:
    usual = {"region": "us-east-1", "zones": ["us-east-1a", "us-east-1b"], "cidr": "10.20.0.0/16", "egress": "nat"}
    # Whatever a test changes is an arg of the component: it is the component that checks.
    return NetworkArgs(**{**usual, **changes})  # type: ignore[typeddict-item]


def a_network(name: str = "core", **changes: Any) -> Callable[[], None]:
    def program() -> None:
        network = Network(name, network_args(**changes))
        for output in Network.__annotations__:
            pulumi.export(output, getattr(network, output))

    return program


def way_out(graph: Graph, subnet: Resource) -> Resource | None:
    """The gateway that the subnet's default route leads to."""
    association = next(found for found in graph.all(ASSOCIATION) if found.inputs["subnetId"] == subnet.id)
    routes = [
        route
        for route in graph.all(ROUTE)
        if route.inputs["routeTableId"] == association.inputs["routeTableId"]
        and route.inputs["destinationCidrBlock"] == ANYWHERE
    ]
    assert len(routes) <= 1
    inputs = routes[0].inputs if routes else {}
    return graph.identified(inputs.get("natGatewayId") or inputs.get("gatewayId"))


def subnets(graph: Graph, kind: str) -> tuple[Resource, ...]:
    return graph.all(SUBNET, f"core-{kind}-*")


def test_a_network_has_a_public_and_a_private_subnet_in_each_zone(deploy: Deploy) -> None:
    graph = deploy(a_network(zones=["us-east-1a", "us-east-1b", "us-east-1d"]))

    placed = {
        subnet.name: (subnet.inputs["availabilityZone"], subnet.inputs["cidrBlock"]) for subnet in graph.all(SUBNET)
    }
    assert placed == {
        "core-private-a": ("us-east-1a", "10.20.0.0/20"),
        "core-private-b": ("us-east-1b", "10.20.32.0/20"),
        "core-private-d": ("us-east-1d", "10.20.96.0/20"),
        "core-public-a": ("us-east-1a", "10.20.16.0/21"),
        "core-public-b": ("us-east-1b", "10.20.48.0/21"),
        "core-public-d": ("us-east-1d", "10.20.112.0/21"),
    }


def test_the_outputs_name_what_was_made(deploy: Deploy) -> None:
    graph = deploy(a_network())

    assert graph.outputs == {
        "vpc_id": graph.one(VPC).id,
        "cidr": "10.20.0.0/16",
        "public_subnet_ids": [subnet.id for subnet in subnets(graph, "public")],
        "private_subnet_ids": [subnet.id for subnet in subnets(graph, "private")],
        "task_subnet_ids": [subnet.id for subnet in subnets(graph, "private")],
        "assign_public_ip": False,
        "endpoint_client_security_group_id": graph.one(GROUP, "core-endpoint-clients").id,
    }
    assert dict(graph.one("opencode_components:index:Network").outputs) == dict(graph.outputs)


def test_names_resolve_in_the_vpc_as_private_endpoints_need(deploy: Deploy) -> None:
    vpc = deploy(a_network()).one(VPC)

    assert (vpc.inputs["enableDnsSupport"], vpc.inputs["enableDnsHostnames"]) == (True, True)


def test_the_default_security_group_admits_nothing_in_either_direction(deploy: Deploy) -> None:
    group = deploy(a_network()).one(DEFAULT_GROUP)

    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_nothing_gets_a_public_address_by_starting_in_a_subnet(deploy: Deploy) -> None:
    graph = deploy(a_network(egress="public_ip"))

    assert [subnet.inputs["mapPublicIpOnLaunch"] for subnet in graph.all(SUBNET)] == [False] * 4


def test_public_subnets_lead_to_the_internet(deploy: Deploy) -> None:
    graph = deploy(a_network())

    assert {way_out(graph, subnet) for subnet in subnets(graph, "public")} == {graph.one(INTERNET)}


def test_with_egress_nat_all_private_subnets_share_the_first_zones_gateway(deploy: Deploy) -> None:
    graph = deploy(a_network(egress="nat", zones=["us-east-1c", "us-east-1b"]))

    gateway = graph.one(NAT)
    assert gateway.inputs["subnetId"] == graph.one(SUBNET, "core-public-b").id
    assert gateway.inputs["allocationId"] == graph.one(ADDRESS).outputs["allocationId"]
    assert {way_out(graph, subnet) for subnet in subnets(graph, "private")} == {gateway}


def test_with_egress_nat_per_zone_no_zone_depends_on_another(deploy: Deploy) -> None:
    graph = deploy(a_network(egress="nat_per_zone"))

    for letter in "ab":
        gateway = way_out(graph, graph.one(SUBNET, f"core-private-{letter}"))
        assert gateway == graph.one(NAT, f"core-nat-{letter}")
        assert gateway.inputs["subnetId"] == graph.one(SUBNET, f"core-public-{letter}").id
    assert len({gateway.inputs["allocationId"] for gateway in graph.all(NAT)}) == 2


def test_going_from_one_gateway_to_one_per_zone_keeps_the_first(deploy: Deploy) -> None:
    one, per_zone = deploy(a_network(egress="nat")), deploy(a_network(egress="nat_per_zone"))

    assert {resource.urn for resource in one} < {resource.urn for resource in per_zone}


def test_with_egress_public_ip_tasks_run_in_the_public_subnets_and_nothing_is_paid_for(deploy: Deploy) -> None:
    graph = deploy(a_network(egress="public_ip"))

    assert graph.outputs["task_subnet_ids"] == graph.outputs["public_subnet_ids"]
    assert graph.outputs["assign_public_ip"] is True
    assert not graph.all(NAT)
    assert not graph.all(ADDRESS)
    assert {way_out(graph, subnet) for subnet in subnets(graph, "private")} == {None}


def test_with_egress_none_private_subnets_have_endpoints_and_no_way_out(deploy: Deploy) -> None:
    graph = deploy(a_network(egress="none", endpoint_services=list(NEEDED_WITHOUT_EGRESS)))

    assert {way_out(graph, subnet) for subnet in subnets(graph, "private")} == {None}
    assert not graph.all(NAT)
    assert graph.outputs["task_subnet_ids"] == graph.outputs["private_subnet_ids"]
    assert graph.outputs["assign_public_ip"] is False


@pytest.mark.parametrize("missing", NEEDED_WITHOUT_EGRESS)
def test_egress_none_is_refused_without_an_endpoint_that_tasks_need(deploy: Deploy, missing: str) -> None:
    services = [service for service in NEEDED_WITHOUT_EGRESS if service != missing]

    message = f"egress: 'none' leaves tasks without services that they need; add {missing} to endpoint_services"
    with pytest.raises(ValueError, match=message):
        deploy(a_network(egress="none", endpoint_services=services))


def test_an_unknown_egress_is_refused_with_those_that_exist(deploy: Deploy) -> None:
    message = "egress: 'vpn' is no way out; use one of nat, nat_per_zone, public_ip, none"
    with pytest.raises(ValueError, match=message):
        deploy(a_network(egress="vpn"))


@pytest.mark.parametrize(
    ("services", "message"),
    [
        (["s3"], "endpoint_services: 's3' is none of the services offered; use some of bedrock-runtime"),
        (["logs", "logs"], r"endpoint_services: \['logs', 'logs'\] names a service twice; name each once"),
    ],
)
def test_endpoint_services_that_cannot_be_are_refused(deploy: Deploy, services: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deploy(a_network(endpoint_services=services))


def test_a_layout_that_cannot_be_is_refused_before_any_resource(deploy: Deploy) -> None:
    with pytest.raises(ValueError, match="zones: 'eu-west-1a' is no availability zone of us-east-1"):
        deploy(a_network(zones=["eu-west-1a", "us-east-1b"]))


@pytest.mark.parametrize("egress", ["nat", "nat_per_zone", "public_ip"])
def test_s3_and_dynamodb_are_reached_for_free_from_every_subnet(deploy: Deploy, egress: str) -> None:
    graph = deploy(a_network(egress=egress))

    endpoints = {endpoint.inputs["serviceName"]: endpoint.inputs for endpoint in graph.all(ENDPOINT)}
    assert set(endpoints) == {"com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb"}
    every_table = {table.id for table in graph.all(ROUTE_TABLE)}
    for inputs in endpoints.values():
        assert inputs["vpcEndpointType"] == "Gateway"
        assert set(inputs["routeTableIds"]) == every_table
    assert {found.inputs["routeTableId"] for found in graph.all(ASSOCIATION)} == every_table
    assert {found.inputs["subnetId"] for found in graph.all(ASSOCIATION)} == {s.id for s in graph.all(SUBNET)}


def test_interface_endpoints_answer_to_the_services_own_names_in_every_private_subnet(deploy: Deploy) -> None:
    graph = deploy(a_network(endpoint_services=["ecr.api", "bedrock-mantle"]))

    for name, service in (("core-ecr-api", "ecr.api"), ("core-bedrock-mantle", "bedrock-mantle")):
        endpoint = graph.one(ENDPOINT, name)
        assert endpoint.inputs["serviceName"] == f"com.amazonaws.us-east-1.{service}"
        assert endpoint.inputs["vpcEndpointType"] == "Interface"
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert endpoint.inputs["subnetIds"] == graph.outputs["private_subnet_ids"]


def test_only_members_of_the_client_group_reach_the_endpoints_and_only_with_https(deploy: Deploy) -> None:
    def program() -> None:
        network = Network("core", network_args(endpoint_services=["logs"]))
        aws.ec2.SecurityGroup(
            "stranger",
            vpc_id=network.vpc_id,
            egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [ANYWHERE]}],
        )

    graph = deploy(program)

    endpoint = graph.one(ENDPOINT, "core-logs")
    member, stranger = graph.one(GROUP, "core-endpoint-clients"), graph.one(GROUP, "stranger")
    assert can_reach(graph, member, endpoint, 443)
    assert not can_reach(graph, member, endpoint, 80)
    assert not can_reach(graph, stranger, endpoint, 443)
    assert not can_reach(graph, "10.20.0.0/16", endpoint, 443)
    assert not can_reach(graph, ANYWHERE, endpoint, 443)
    assert not can_reach(graph, ANYWHERE, member, 443), "membership admits nobody"
    assert not can_reach(graph, member, ANYWHERE, 443), "membership leads to the endpoints and nowhere else"


def test_without_interface_endpoints_the_client_group_exists_and_allows_nothing(deploy: Deploy) -> None:
    graph = deploy(a_network())

    assert [group.name for group in graph.all(GROUP)] == ["core-endpoint-clients"]
    assert not graph.all("aws:vpc/*")
    assert not graph.one(GROUP).inputs.keys() & {"ingress", "egress"}


def test_all_traffic_is_recorded_for_thirty_days_unless_said_otherwise(deploy: Deploy) -> None:
    graph, longer = deploy(a_network()), deploy(a_network(flow_log_retention_days=365.0))

    record, group = graph.one(FLOW_LOG), graph.one(LOG_GROUP)
    assert record.inputs["trafficType"] == "ALL"
    assert record.inputs["vpcId"] == graph.one(VPC).id
    assert record.inputs["logDestination"] == group.outputs["arn"]
    assert group.inputs["retentionInDays"] == 30
    assert longer.one(LOG_GROUP).inputs["retentionInDays"] == 365


def test_a_retention_that_cloudwatch_does_not_offer_is_refused(deploy: Deploy) -> None:
    message = "flow_log_retention_days: 31 is not a retention of CloudWatch Logs; use one of 1, 3, 5, 7, 14, 30, 60"
    with pytest.raises(ValueError, match=message):
        deploy(a_network(flow_log_retention_days=31))


def test_flow_logs_are_written_by_a_role_that_may_write_only_there_and_only_for_this_account(deploy: Deploy) -> None:
    graph = deploy(a_network())

    policy, role = graph.one("aws:iam/rolePolicy:RolePolicy"), graph.one("aws:iam/role:Role")
    assert policy.inputs["role"] == role.outputs["name"]
    assert json.loads(policy.inputs["policy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            "Resource": f"{graph.one(LOG_GROUP).outputs['arn']}:*",
        }
    ]
    (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/*"},
    }
    assert policy.urn in graph.one(FLOW_LOG).dependencies, "the first records would be lost"


def test_a_zone_that_goes_takes_only_its_own_resources_along(deploy: Deploy) -> None:
    three = deploy(a_network(egress="nat_per_zone", zones=["us-east-1a", "us-east-1b", "us-east-1c"]))
    two = deploy(a_network(egress="nat_per_zone", zones=["us-east-1a", "us-east-1c"]))

    gone = {resource.name for resource in three} - {resource.name for resource in two}
    assert gone == {"core-public-b", "core-private-b", "core-nat-b"}
    kept = {subnet.urn: subnet.inputs for subnet in two.all(SUBNET)}
    assert kept.items() <= {subnet.urn: subnet.inputs for subnet in three.all(SUBNET)}.items()


def test_a_task_starts_after_its_way_out_exists(deploy: Deploy) -> None:
    def program() -> None:
        network = Network("core", network_args(endpoint_services=["logs"]))
        aws.ec2.NetworkInterface("task", subnet_id=network.task_subnet_ids.apply(lambda ids: ids[0]))
        aws.ec2.NetworkInterface("front", subnet_id=network.public_subnet_ids.apply(lambda ids: ids[0]))

    graph = deploy(program)

    task, front = graph.one(name="task"), graph.one(name="front")
    assert {graph.one(ROUTE, "core-private-a").urn, graph.one(ENDPOINT, "core-logs").urn} <= task.dependencies
    assert graph.one(ROUTE, "core-public").urn in front.dependencies


def test_gateways_with_addresses_wait_for_the_internet_gateway(deploy: Deploy) -> None:
    graph = deploy(a_network())

    internet = graph.one(INTERNET).urn
    assert internet in graph.one(NAT).dependencies
    assert internet in graph.one(ADDRESS).dependencies
