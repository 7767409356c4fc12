"""aws.ec2.Eip, NatGateway."""

from collections.abc import Sequence

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers import ec2
from opencode_local.provider.members import Members, reported, request, unsupported, values
from opencode_local.provider.tags import mapping

NAT: Members = values("subnetId", "allocationId", "connectivityType")
ADDRESS: Members = values("allocationId", "associationId", "publicIp", "domain", "publicIpv4Pool", "networkBorderGroup")


class Eip(Handler):
    token = "aws:ec2/eip:Eip"
    replace_on = frozenset({"domain", "publicIpv4Pool", "networkBorderGroup"})
    filled_by_aws = frozenset({"domain", "publicIpv4Pool", "networkBorderGroup", "networkInterface", "instance"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(values("domain"), inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        tags = ec2.tag_specifications("elastic-ip", inputs)
        answer = aws.client("ec2").allocate_address(Domain=inputs.get("domain", "vpc"), TagSpecifications=tags)
        return str(answer["AllocationId"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        address = ec2.existing(aws.client("ec2").describe_addresses, "Addresses", AllocationIds=[id_])
        if address is None:
            return None
        dashed = address["PublicIp"].replace(".", "-")
        return {
            **reported(ADDRESS, address, inputs),
            "arn": aws.arn("ec2", f"elastic-ip/{id_}"),
            "publicDns": f"ec2-{dashed}.{aws.region}.compute.amazonaws.com",
            "tagsAll": mapping(address.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        client = aws.client("ec2")
        address = ec2.existing(client.describe_addresses, "Addresses", AllocationIds=[id_])
        if address is None:
            return
        if address.get("AssociationId"):
            message = f"Address {address['PublicIp']} is in use."
            raise AwsError("InvalidIPAddress.InUse", message, "ReleaseAddress")
        client.release_address(AllocationId=id_)


class NatGateway(Handler):
    token = "aws:ec2/natGateway:NatGateway"
    replace_on = frozenset({"subnetId", "allocationId", "connectivityType"})
    filled_by_aws = frozenset({"privateIp", "vpcId", "availabilityMode"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(NAT, inputs)
        is_public = inputs.get("connectivityType", "public") == "public"
        if not faults and is_public != bool(inputs.get("allocationId")):
            faults.append(Fault("allocationId", "a public NAT gateway needs an address, a private one takes none"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        self._refuse_unusable(aws, inputs)
        tags = ec2.tag_specifications("natgateway", inputs)
        answer = aws.client("ec2").create_nat_gateway(**request(NAT, inputs), TagSpecifications=tags)
        return str(answer["NatGateway"]["NatGatewayId"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        gateway = ec2.existing(aws.client("ec2").describe_nat_gateways, "NatGateways", NatGatewayIds=[id_])
        if gateway is None or gateway["State"] == "deleted":
            return None
        address = gateway["NatGatewayAddresses"][0]
        return {
            "subnetId": gateway["SubnetId"],
            "vpcId": gateway["VpcId"],
            "connectivityType": gateway.get("ConnectivityType", "public"),
            "allocationId": address.get("AllocationId"),
            "associationId": address.get("AssociationId"),
            "publicIp": address.get("PublicIp"),
            "privateIp": address["PrivateIp"],
            "networkInterfaceId": address["NetworkInterfaceId"],
            "tagsAll": mapping(gateway.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        """The embedded AWS leaves the gateway's network interface and its address's association to us."""
        client = aws.client("ec2")
        gateway = ec2.existing(client.describe_nat_gateways, "NatGateways", NatGatewayIds=[id_])
        if gateway is None or gateway["State"] == "deleted":
            return
        client.delete_nat_gateway(NatGatewayId=id_)
        for address in gateway["NatGatewayAddresses"]:
            if address.get("AssociationId"):
                client.disassociate_address(AssociationId=address["AssociationId"])
            client.delete_network_interface(NetworkInterfaceId=address["NetworkInterfaceId"])

    def _refuse_unusable(self, aws: Aws, inputs: Properties) -> None:
        """An unknown subnet, an unknown or used address, a VPC without internet gateway."""
        client = aws.client("ec2")
        subnet = client.describe_subnets(SubnetIds=[inputs["subnetId"]])["Subnets"][0]
        if not inputs.get("allocationId"):
            return
        address = client.describe_addresses(AllocationIds=[inputs["allocationId"]])["Addresses"][0]
        if address.get("AssociationId"):
            message = f"resource {inputs['allocationId']} is already associated with {address['AssociationId']}"
            raise AwsError("Resource.AlreadyAssociated", message, "CreateNatGateway")
        filters = [{"Name": "attachment.vpc-id", "Values": [subnet["VpcId"]]}]
        if not client.describe_internet_gateways(Filters=filters)["InternetGateways"]:
            message = f"Network {subnet['VpcId']} has no Internet gateway attached"
            raise AwsError("Gateway.NotAttached", message, "CreateNatGateway")


HANDLERS = (Eip(), NatGateway())
