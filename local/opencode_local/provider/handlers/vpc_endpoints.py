"""aws.ec2.VpcEndpoint."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers import ec2
from opencode_local.provider.members import Members, refuse, reported, request, unsupported, value, values
from opencode_local.provider.tags import mapping

ENDPOINT: Members = (
    *values("vpcId", "serviceName", "vpcEndpointType", "privateDnsEnabled"),
    *values("routeTableIds", "subnetIds", "securityGroupIds"),
    value("policy", "PolicyDocument"),
)
CHANGING = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}
"""Lists that ModifyVpcEndpoint changes by Add... and Remove... members."""
GATEWAY, INTERFACE = "Gateway", "Interface"
SERVICES: Mapping[str, frozenset[str]] = {
    GATEWAY: frozenset({"s3", "dynamodb"}),
    INTERFACE: frozenset(
        {
            *("bedrock", "bedrock-runtime", "bedrock-mantle", "bedrock-agent", "bedrock-agent-runtime"),
            *("ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs", "monitoring", "sts", "kms"),
            *("secretsmanager", "ssm", "ssmmessages", "s3", "dynamodb", "elasticloadbalancing", "cognito-idp"),
        }
    ),
}
"""What com.amazonaws.<region>.<service> is offered as.
Source: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html, read 2026-11-21.
"""


class VpcEndpoint(Handler):
    token = "aws:ec2/vpcEndpoint:VpcEndpoint"
    replace_on = frozenset({"vpcId", "serviceName", "vpcEndpointType", "serviceRegion"})
    filled_by_aws = frozenset(
        {*CHANGING, "policy", "privateDnsEnabled", "ipAddressType", "dnsOptions", "vpcEndpointType"}
    )

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(ENDPOINT, inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        for error in refusals(aws, inputs):
            raise error
        tags = ec2.tag_specifications("vpc-endpoint", inputs)
        answer = aws.client("ec2").create_vpc_endpoint(**request(ENDPOINT, inputs), TagSpecifications=tags)
        return str(answer["VpcEndpoint"]["VpcEndpointId"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        endpoint = live(aws, id_)
        if endpoint is None:
            return None
        return {
            **reported(ENDPOINT, endpoint, inputs),
            "securityGroupIds": [group["GroupId"] for group in endpoint.get("Groups", ())],
            "arn": aws.arn("ec2", f"vpc-endpoint/{id_}"),
            "state": endpoint["State"],
            "ownerId": aws.account_id,
            "networkInterfaceIds": endpoint.get("NetworkInterfaceIds", []),
            "dnsEntries": [
                {"dnsName": entry["DnsName"], "hostedZoneId": entry["HostedZoneId"]}
                for entry in endpoint.get("DnsEntries", ())
            ],
            "prefixListId": prefix_list(aws, endpoint),
            "tagsAll": mapping(endpoint.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        if old.get("privateDnsEnabled", False) != new.get("privateDnsEnabled", False):
            raise refuse("ModifyVpcEndpoint", "the embedded AWS cannot change private DNS of an endpoint")
        for error in dangling(aws, new):
            raise error
        changes: dict[str, Any] = {}
        for name, member in CHANGING.items():
            before, after = set(old.get(name) or ()), set(new.get(name) or ())
            changes |= {f"Add{member}": sorted(after - before), f"Remove{member}": sorted(before - after)}
        if old.get("policy") != new.get("policy"):
            changes["PolicyDocument"] = new.get("policy", "")
        given = {member: value for member, value in changes.items() if value}
        if given:
            aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=id_, **given)
            move_routes(aws, id_, given.get("AddRouteTableIds", ()), given.get("RemoveRouteTableIds", ()))
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if live(aws, id_) is not None:
            aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[id_])


def live(aws: Aws, id_: str) -> dict[str, Any] | None:
    endpoint = ec2.existing(aws.client("ec2").describe_vpc_endpoints, "VpcEndpoints", VpcEndpointIds=[id_])
    return None if endpoint is None or endpoint["State"].lower() == "deleted" else endpoint


def move_routes(aws: Aws, id_: str, added: Sequence[str], removed: Sequence[str]) -> None:
    """The routes of a gateway endpoint, which the embedded AWS writes only when the endpoint is made."""
    client = aws.client("ec2")
    endpoint = client.describe_vpc_endpoints(VpcEndpointIds=[id_])["VpcEndpoints"][0]
    service = prefix_list(aws, endpoint)
    for table in added:
        client.create_route(RouteTableId=table, DestinationPrefixListId=service, GatewayId=id_)
    for table in removed:
        client.delete_route(RouteTableId=table, DestinationPrefixListId=service)


def prefix_list(aws: Aws, endpoint: Mapping[str, Any]) -> str | None:
    """The id that security groups and routes name the service of a gateway endpoint by."""
    if endpoint["VpcEndpointType"] != GATEWAY:
        return None
    filters = [{"Name": "prefix-list-name", "Values": [endpoint["ServiceName"]]}]
    lists = aws.client("ec2").describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    return next((str(found["PrefixListId"]) for found in lists), None)


def refusals(aws: Aws, inputs: Properties) -> Iterator[AwsError]:
    """What EC2 refuses before it makes an endpoint and the embedded AWS does not."""
    kind, service = inputs.get("vpcEndpointType", GATEWAY), inputs["serviceName"]
    prefix, _, name = service.partition(f"com.amazonaws.{aws.region}.")
    if prefix or name not in SERVICES.get(kind, ()):
        message = f"The Vpc Endpoint Service '{service}' does not exist"
        yield AwsError("InvalidServiceName", message, "CreateVpcEndpoint")
    yield from dangling(aws, inputs)
    if inputs.get("privateDnsEnabled"):
        yield from private_dns(aws, inputs)
    yield from crowded(aws, inputs)


def dangling(aws: Aws, inputs: Properties) -> Iterator[AwsError]:
    """References are looked up, so that EC2's own error is raised; two subnets of one zone are refused here."""
    client = aws.client("ec2")
    client.describe_vpcs(VpcIds=[inputs["vpcId"]])
    if inputs.get("routeTableIds"):
        client.describe_route_tables(RouteTableIds=inputs["routeTableIds"])
    if inputs.get("securityGroupIds"):
        client.describe_security_groups(GroupIds=inputs["securityGroupIds"])
    if inputs.get("subnetIds"):
        subnets = client.describe_subnets(SubnetIds=inputs["subnetIds"])["Subnets"]
        zones = [subnet["AvailabilityZone"] for subnet in subnets]
        if len(set(zones)) != len(zones):
            message = "Found another VPC endpoint subnet in the availability zone of one of the subnets"
            yield AwsError("DuplicateSubnetsInSameZone", message, "CreateVpcEndpoint")


def private_dns(aws: Aws, inputs: Properties) -> Iterator[AwsError]:
    """Names inside the VPC need its DNS switched on, and no second endpoint that claims them."""
    client, vpc_id = aws.client("ec2"), inputs["vpcId"]
    support = client.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsSupport")["EnableDnsSupport"]
    names = client.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsHostnames")["EnableDnsHostnames"]
    if not (support["Value"] and names["Value"]):
        message = (
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc_id}"
        )
        yield AwsError("InvalidParameter", message, "CreateVpcEndpoint")
    if any(endpoint.get("PrivateDnsEnabled") for endpoint in of_service(aws, inputs)):
        message = (
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
            f"{inputs['serviceName']} in the VPC {vpc_id}"
        )
        yield AwsError("InvalidParameter", message, "CreateVpcEndpoint")


def crowded(aws: Aws, inputs: Properties) -> Iterator[AwsError]:
    """A route table can lead to one gateway endpoint of a service."""
    for endpoint in of_service(aws, inputs):
        shared = set(endpoint.get("RouteTableIds", ())) & set(inputs.get("routeTableIds") or ())
        for table in sorted(shared):
            message = f"route table {table} already has a route to {inputs['serviceName']}"
            yield AwsError("RouteAlreadyExists", message, "CreateVpcEndpoint")


def of_service(aws: Aws, inputs: Properties) -> Iterator[Mapping[str, Any]]:
    filters = [*ec2.matching(vpc_id=inputs["vpcId"], service_name=inputs["serviceName"])]
    for endpoint in aws.client("ec2").describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]:
        if endpoint["State"].lower() != "deleted":
            yield endpoint


HANDLERS = (VpcEndpoint(),)
