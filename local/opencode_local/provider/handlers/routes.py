"""aws.ec2.RouteTable, Route, RouteTableAssociation."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from opencode_local.provider.aws import Aws
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers import ec2
from opencode_local.provider.members import Members, request, unsupported, value, values
from opencode_local.provider.tags import mapping

DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
TARGETS = ("gatewayId", "natGatewayId", "networkInterfaceId")
TABLE_OF_ROUTE: Members = values("routeTableId")
ROUTE: Members = (*TABLE_OF_ROUTE, *values(*DESTINATIONS), *values(*TARGETS))
ASSOCIATION: Members = (*values("routeTableId", "gatewayId"), value("subnetId"))
FOREIGN_GATEWAY = "route table {table} and network gateway {gateway} belong to different networks"


class RouteTable(Handler):
    token = "aws:ec2/routeTable:RouteTable"
    replace_on = frozenset({"vpcId"})
    filled_by_aws = frozenset({"routes", "propagatingVgws"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(values("vpcId"), inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        tags = ec2.tag_specifications("route-table", inputs)
        table = aws.client("ec2").create_route_table(VpcId=inputs["vpcId"], TagSpecifications=tags)["RouteTable"]
        return str(table["RouteTableId"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        table = route_table(aws, id_)
        if table is None:
            return None
        return {
            "vpcId": table["VpcId"],
            "arn": aws.arn("ec2", f"route-table/{id_}"),
            "ownerId": aws.account_id,
            "tagsAll": mapping(table.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        ec2.retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        ec2.unless_gone(aws.client("ec2").delete_route_table, RouteTableId=id_)


class Route(Handler):
    token = "aws:ec2/route:Route"
    replace_on = frozenset({"routeTableId", *DESTINATIONS})
    filled_by_aws = frozenset(TARGETS)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(ROUTE, inputs)
        for names in (DESTINATIONS, TARGETS):
            given = [name for name in names if inputs.get(name)]
            if len(given) != 1 and not faults:
                faults.append(Fault(names[0], f"exactly one of {', '.join(names)} must be given, not {len(given)}"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        refuse_dangling_target(aws, inputs)
        aws.client("ec2").create_route(**request(ROUTE, inputs))
        return f"r-{inputs['routeTableId']}{crc32(destination(inputs).encode())}"

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        known = inputs or adopted(id_)
        table = route_table(aws, known["routeTableId"])
        routes = table["Routes"] if table else ()
        route = next((route for route in routes if destination(known) in _destinations(route)), None)
        if route is None:
            return None
        return {
            **{name: known[name] for name in ("routeTableId", *DESTINATIONS) if name in known},
            "gatewayId": route.get("GatewayId"),
            "natGatewayId": route.get("NatGatewayId"),
            "networkInterfaceId": route.get("NetworkInterfaceId"),
            "origin": route.get("Origin"),
            "state": route.get("State"),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        refuse_dangling_target(aws, new)
        aws.client("ec2").replace_route(**request(ROUTE, new))

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        where = request((*TABLE_OF_ROUTE, *values(*DESTINATIONS)), properties)
        if route_table(aws, properties["routeTableId"]) is not None:
            ec2.unless_gone(aws.client("ec2").delete_route, **where)


class RouteTableAssociation(Handler):
    """Found by its subnet, since a changed table gives the association a new id."""

    token = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    replace_on = frozenset({"subnetId", "gatewayId"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(ASSOCIATION, inputs)
        if not faults and bool(inputs.get("subnetId")) == bool(inputs.get("gatewayId")):
            faults.append(Fault("subnetId", "exactly one of subnetId, gatewayId must be given"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        client = aws.client("ec2")
        if "subnetId" in inputs:
            client.describe_subnets(SubnetIds=[inputs["subnetId"]])
        if self._current(aws, "", inputs) is not None:
            message = (
                f"the specified association for route table {inputs['routeTableId']} conflicts with an existing "
                "association"
            )
            raise AwsError("Resource.AlreadyAssociated", message, "AssociateRouteTable")
        return str(client.associate_route_table(**request(ASSOCIATION, inputs))["AssociationId"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        current = self._current(aws, id_, inputs)
        if current is None:
            return None
        return {
            "routeTableId": current["RouteTableId"],
            "subnetId": current.get("SubnetId"),
            "gatewayId": current.get("GatewayId"),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        current = self._current(aws, id_, new)
        if current is not None:
            aws.client("ec2").replace_route_table_association(
                AssociationId=current["RouteTableAssociationId"], RouteTableId=new["routeTableId"]
            )

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        current = self._current(aws, id_, properties)
        if current is not None:
            client = aws.client("ec2")
            ec2.unless_gone(client.disassociate_route_table, AssociationId=current["RouteTableAssociationId"])

    def _current(self, aws: Aws, id_: str, known: Properties) -> dict[str, Any] | None:
        place = {"association.subnet-id": known.get("subnetId"), "association.gateway-id": known.get("gatewayId")}
        wanted = {name: value for name, value in place.items() if value} or {
            "association.route-table-association-id": id_
        }
        filters = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
        for table in aws.client("ec2").describe_route_tables(Filters=filters)["RouteTables"]:
            for association in table["Associations"]:
                found: dict[str, Any] = association
                keys = ("SubnetId", "GatewayId", "RouteTableAssociationId")
                if set(wanted.values()) & {found.get(key) for key in keys}:
                    return found
        return None


def route_table(aws: Aws, id_: str) -> dict[str, Any] | None:
    return ec2.existing(aws.client("ec2").describe_route_tables, "RouteTables", RouteTableIds=[id_])


def destination(inputs: Properties) -> str:
    return next(str(inputs[name]) for name in DESTINATIONS if inputs.get(name))


def adopted(id_: str) -> Properties:
    """Inputs told by the id with which a route is adopted: `rtb-1_0.0.0.0/0`."""
    table, _, cidr = id_.partition("_")
    name = "destinationPrefixListId" if cidr.startswith("pl-") else DESTINATIONS[":" in cidr]
    return {"routeTableId": table, name: cidr}


def refuse_dangling_target(aws: Aws, inputs: Properties) -> None:
    """A NAT gateway that does not exist, or an internet gateway of another VPC."""
    client = aws.client("ec2")
    nat = inputs.get("natGatewayId")
    if nat is not None:
        found = ec2.existing(client.describe_nat_gateways, "NatGateways", NatGatewayIds=[nat])
        if found is None or found["State"] == "deleted":
            message = f"The natGateway ID '{nat}' does not exist"
            raise AwsError("InvalidNatGatewayID.NotFound", message, "CreateRoute")
    gateway = inputs.get("gatewayId", "")
    table = route_table(aws, inputs["routeTableId"])
    if gateway.startswith("igw-") and table is not None:
        found = client.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"][0]
        if table["VpcId"] not in {attachment["VpcId"] for attachment in found["Attachments"]}:
            message = FOREIGN_GATEWAY.format(table=inputs["routeTableId"], gateway=gateway)
            raise AwsError("InvalidParameterValue", message, "CreateRoute")


def _destinations(route: dict[str, Any]) -> set[Any]:
    return {route.get(name[0].upper() + name[1:]) for name in DESTINATIONS}


HANDLERS = (RouteTable(), Route(), RouteTableAssociation())
