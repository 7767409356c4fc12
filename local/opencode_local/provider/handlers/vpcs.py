"""aws.ec2.Vpc, Subnet, InternetGateway."""

from collections.abc import Mapping, Sequence

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers import ec2
from opencode_local.provider.members import Members, reported, request, unsupported, value, values
from opencode_local.provider.tags import mapping

VPC: Members = values("cidrBlock", "instanceTenancy")
VPC_DEFAULTS: Mapping[str, bool] = {
    "enableDnsSupport": True,
    "enableDnsHostnames": False,
    "enableNetworkAddressUsageMetrics": False,
}
"""Attributes that CreateVpc does not take, with what they are until they are modified."""
SUBNET: Members = (*values("vpcId", "cidrBlock", "availabilityZone"), value("availabilityZoneId"))
SUBNET_READ: Members = (
    *SUBNET,
    *values("mapPublicIpOnLaunch", "assignIpv6AddressOnCreation", "enableDns64", "ownerId"),
)


class Vpc(Handler):
    token = "aws:ec2/vpc:Vpc"
    replace_on = frozenset({"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(VPC, inputs, *VPC_DEFAULTS)

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = aws.client("ec2")
        tags = ec2.tag_specifications("vpc", inputs)
        id_: str = client.create_vpc(**request(VPC, inputs), TagSpecifications=tags)["Vpc"]["VpcId"]
        with finishing(id_, inputs):
            self._modify(aws, id_, VPC_DEFAULTS, {**VPC_DEFAULTS, **inputs})
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("ec2")
        vpc = ec2.existing(client.describe_vpcs, "Vpcs", VpcIds=[id_])
        if vpc is None:
            return None
        main = client.describe_route_tables(Filters=[*ec2.matching(vpc_id=id_), _filter("association.main", "true")])
        acls = client.describe_network_acls(Filters=[*ec2.matching(vpc_id=id_), _filter("default", "true")])
        groups = client.describe_security_groups(Filters=ec2.matching(vpc_id=id_, group_name="default"))
        main_table = main["RouteTables"][0]["RouteTableId"]
        return {
            **reported(VPC, vpc, inputs),
            **{name: self._attribute(aws, id_, name) for name in VPC_DEFAULTS},
            "arn": aws.arn("ec2", f"vpc/{id_}"),
            "ownerId": aws.account_id,
            "dhcpOptionsId": vpc["DhcpOptionsId"],
            "mainRouteTableId": main_table,
            "defaultRouteTableId": main_table,
            "defaultNetworkAclId": acls["NetworkAcls"][0]["NetworkAclId"],
            "defaultSecurityGroupId": groups["SecurityGroups"][0]["GroupId"],
            "tagsAll": mapping(vpc.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self._modify(aws, id_, {**VPC_DEFAULTS, **old}, {**VPC_DEFAULTS, **new})
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client = aws.client("ec2")
        gateways = client.describe_internet_gateways(Filters=[_filter("attachment.vpc-id", id_)])["InternetGateways"]
        if gateways:
            raise AwsError(
                "DependencyViolation", f"The vpc '{id_}' has dependencies and cannot be deleted.", "DeleteVpc"
            )
        ec2.unless_gone(client.delete_vpc, VpcId=id_)

    def _modify(self, aws: Aws, id_: str, old: Mapping[str, object], new: Mapping[str, object]) -> None:
        for name in VPC_DEFAULTS:
            if old[name] != new[name]:
                aws.client("ec2").modify_vpc_attribute(VpcId=id_, **{_pascal(name): {"Value": new[name]}})

    def _attribute(self, aws: Aws, id_: str, name: str) -> bool:
        answer = aws.client("ec2").describe_vpc_attribute(VpcId=id_, Attribute=name)
        return bool(answer[_pascal(name)]["Value"])


class Subnet(Handler):
    token = "aws:ec2/subnet:Subnet"
    replace_on = frozenset({"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"})
    filled_by_aws = frozenset({"availabilityZone", "availabilityZoneId"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(SUBNET, inputs, "mapPublicIpOnLaunch")

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = aws.client("ec2")
        if inputs.get("availabilityZone"):
            self._refuse_foreign_zone(aws, inputs["availabilityZone"])
        tags = ec2.tag_specifications("subnet", inputs)
        id_: str = client.create_subnet(**request(SUBNET, inputs), TagSpecifications=tags)["Subnet"]["SubnetId"]
        with finishing(id_, inputs):
            self._modify(aws, id_, {}, inputs)
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        subnet = ec2.existing(aws.client("ec2").describe_subnets, "Subnets", SubnetIds=[id_])
        if subnet is None:
            return None
        return {
            **reported(SUBNET_READ, subnet, inputs),
            "arn": subnet["SubnetArn"],
            "tagsAll": mapping(subnet.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self._modify(aws, id_, old, new)
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client = aws.client("ec2")
        if client.describe_network_interfaces(Filters=ec2.matching(subnet_id=id_))["NetworkInterfaces"]:
            raise AwsError(
                "DependencyViolation", f"The subnet '{id_}' has dependencies and cannot be deleted.", "DeleteSubnet"
            )
        ec2.unless_gone(client.delete_subnet, SubnetId=id_)

    def _refuse_foreign_zone(self, aws: Aws, name: str) -> None:
        zones = aws.client("ec2").describe_availability_zones()["AvailabilityZones"]
        names = sorted(zone["ZoneName"] for zone in zones)
        if name not in names:
            message = (
                f"Value ({name}) for parameter availabilityZone is invalid. Subnets can currently only be created in "
                f"the following availability zones: {', '.join(names)}."
            )
            raise AwsError("InvalidParameterValue", message, "CreateSubnet")

    def _modify(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        is_public = new.get("mapPublicIpOnLaunch", False)
        if is_public != old.get("mapPublicIpOnLaunch", False):
            aws.client("ec2").modify_subnet_attribute(SubnetId=id_, MapPublicIpOnLaunch={"Value": is_public})


class InternetGateway(Handler):
    token = "aws:ec2/internetGateway:InternetGateway"

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = aws.client("ec2")
        self._refuse_second(aws, inputs.get("vpcId"))
        tags = ec2.tag_specifications("internet-gateway", inputs)
        gateway = client.create_internet_gateway(TagSpecifications=tags)["InternetGateway"]
        id_: str = gateway["InternetGatewayId"]
        if inputs.get("vpcId"):
            with finishing(id_, inputs):
                client.attach_internet_gateway(InternetGatewayId=id_, VpcId=inputs["vpcId"])
        return id_

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("ec2")
        gateway = ec2.existing(client.describe_internet_gateways, "InternetGateways", InternetGatewayIds=[id_])
        if gateway is None:
            return None
        return {
            "vpcId": next((attachment["VpcId"] for attachment in gateway["Attachments"]), None),
            "arn": aws.arn("ec2", f"internet-gateway/{id_}"),
            "ownerId": aws.account_id,
            "tagsAll": mapping(gateway.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("ec2")
        if old.get("vpcId") != new.get("vpcId"):
            self._refuse_second(aws, new.get("vpcId"))
            self._detach(aws, id_)
            if new.get("vpcId"):
                client.attach_internet_gateway(InternetGatewayId=id_, VpcId=new["vpcId"])
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        self._detach(aws, id_)
        ec2.unless_gone(aws.client("ec2").delete_internet_gateway, InternetGatewayId=id_)

    def _refuse_second(self, aws: Aws, vpc_id: str | None) -> None:
        """A VPC that does not exist or has an internet gateway is refused before anything is made."""
        if not vpc_id:
            return
        client = aws.client("ec2")
        client.describe_vpcs(VpcIds=[vpc_id])
        attached = client.describe_internet_gateways(Filters=[_filter("attachment.vpc-id", vpc_id)])["InternetGateways"]
        if attached:
            other = attached[0]["InternetGatewayId"]
            message = f"resource {vpc_id} is already attached to network gateway {other}"
            raise AwsError("Resource.AlreadyAssociated", message, "AttachInternetGateway")

    def _detach(self, aws: Aws, id_: str) -> None:
        client = aws.client("ec2")
        gateway = ec2.existing(client.describe_internet_gateways, "InternetGateways", InternetGatewayIds=[id_])
        for attachment in gateway["Attachments"] if gateway else ():
            vpc_id = attachment["VpcId"]
            nat_gateways = client.describe_nat_gateways(Filter=ec2.matching(vpc_id=vpc_id, state="available"))
            if nat_gateways["NatGateways"]:
                message = (
                    f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) "
                    "before detaching the gateway."
                )
                raise AwsError("DependencyViolation", message, "DetachInternetGateway")
            client.detach_internet_gateway(InternetGatewayId=id_, VpcId=vpc_id)


def _filter(name: str, value: str) -> dict[str, object]:
    return {"Name": name, "Values": [value]}


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


HANDLERS = (Vpc(), Subnet(), InternetGateway())
