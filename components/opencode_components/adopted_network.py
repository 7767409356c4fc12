"""A VPC that exists."""

import re
from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from opencode_components.refusals import refusal

VPC_ID = re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})")
SUBNET_ID = re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")
MIN_SUBNETS = 2
"""A load balancer needs two zones."""


class AdoptedNetworkArgs(TypedDict):
    """What an AdoptedNetwork is made from."""

    vpc_id: str
    """Id of the VPC. Plain, because the VPC is looked up by it."""
    public_subnet_ids: list[str]
    """Subnets of the load balancer, at least two, each in another zone, with a route to the internet. Plain."""
    private_subnet_ids: list[str]
    """Subnets of the tasks, at least two, each in another zone; may be empty with `use_public_ip`. Plain."""
    use_public_ip: NotRequired[bool]
    """Whether tasks run in the public subnets with addresses of their own. Plain. Default false."""


class AdoptedNetwork(pulumi.ComponentResource):
    """A VPC that somebody else looks after: nothing of it is changed, one security group is added.

    The ids are checked for their shape at once (ValueError), and by reading the VPC and its subnets: the outputs
    fail when a subnet is in another VPC or shares its zone.
    """

    vpc_id: Output[str]
    """Id of the VPC, `vpc-...`."""
    cidr: Output[str]
    """Primary IPv4 range of the VPC."""
    public_subnet_ids: Output[Sequence[str]]
    """The public subnets, in the order given."""
    private_subnet_ids: Output[Sequence[str]]
    """The private subnets, in the order given."""
    task_subnet_ids: Output[Sequence[str]]
    """The subnets that tasks belong in: the public ones with `use_public_ip`, else the private ones."""
    assign_public_ip: Output[bool]
    """Whether tasks need a public address to get out."""
    endpoint_client_security_group_id: Output[str]
    """A group without rules: admit it to the VPC's own interface endpoints, on port 443."""

    def __init__(self, name: str, args: AdoptedNetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:AdoptedNetwork", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        use_public_ip = args.get("use_public_ip", False)
        check_ids(args, ["public_subnet_ids"] if use_public_ip else ["public_subnet_ids", "private_subnet_ids"])

        vpc = aws.ec2.Vpc.get(name, args["vpc_id"], opts=of_self)
        public, private = (
            [aws.ec2.Subnet.get(f"{name}-{subnet_id}", subnet_id, opts=of_self) for subnet_id in subnet_ids]
            for subnet_ids in (args["public_subnet_ids"], args["private_subnet_ids"])
        )
        clients = aws.ec2.SecurityGroup(
            f"{name}-endpoint-clients",
            vpc_id=vpc.id,
            description="Members may be admitted to the interface endpoints of the VPC",
            tags={"Name": f"{name}-endpoint-clients"},
            opts=of_self,
        )

        self.vpc_id = vpc.id
        self.cidr = vpc.cidr_block
        self.public_subnet_ids = placed_ids("public_subnet_ids", vpc, public)
        self.private_subnet_ids = placed_ids("private_subnet_ids", vpc, private)
        self.task_subnet_ids = self.public_subnet_ids if use_public_ip else self.private_subnet_ids
        self.assign_public_ip = Output.from_input(use_public_ip)
        self.endpoint_client_security_group_id = clients.id
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "cidr": self.cidr,
                "public_subnet_ids": self.public_subnet_ids,
                "private_subnet_ids": self.private_subnet_ids,
                "task_subnet_ids": self.task_subnet_ids,
                "assign_public_ip": self.assign_public_ip,
                "endpoint_client_security_group_id": self.endpoint_client_security_group_id,
            }
        )


def check_ids(args: AdoptedNetworkArgs, used: Sequence[str]) -> None:
    """Raises ValueError on an id of another shape, one that is there twice, and too few subnets of a kind in `used`."""
    if not VPC_ID.fullmatch(args["vpc_id"]):
        raise refusal("vpc_id", args["vpc_id"], reason="is no id of a VPC", fix="use one such as vpc-0a1b2c3d4e5f60718")
    subnets = {"public_subnet_ids": args["public_subnet_ids"], "private_subnet_ids": args["private_subnet_ids"]}
    seen: set[str] = set()
    for key, subnet_id in ((key, subnet_id) for key, subnet_ids in subnets.items() for subnet_id in subnet_ids):
        if not SUBNET_ID.fullmatch(subnet_id):
            fix = "use one such as subnet-0a1b2c3d4e5f60718"
            raise refusal(key, subnet_id, reason="is no id of a subnet", fix=fix)
        if subnet_id in seen:
            raise refusal(key, subnet_id, reason="is there twice", fix="name each subnet once, as public or private")
        seen.add(subnet_id)
    for key in used:
        if len(subnets[key]) < MIN_SUBNETS:
            fix = "name at least two, each in another zone"
            raise refusal(key, list(subnets[key]), reason=f"has {len(subnets[key])} subnets", fix=fix)


def placed_ids(key: str, vpc: aws.ec2.Vpc, subnets: Iterable[aws.ec2.Subnet]) -> Output[Sequence[str]]:
    """Ids of the subnets. They fail with a ValueError when one is in another VPC, or two are in one zone."""
    places = Output.all(*(Output.all(subnet.id, subnet.vpc_id, subnet.availability_zone) for subnet in subnets))
    return Output.all(vpc.id, places).apply(lambda known: checked_places(key, *known))


def checked_places(key: str, vpc_id: str, places: Sequence[Sequence[str]]) -> Sequence[str]:
    zones: dict[str, str] = {}
    for subnet_id, its_vpc_id, zone in places:
        if its_vpc_id != vpc_id:
            raise refusal(key, subnet_id, reason=f"is in {its_vpc_id}", fix=f"use subnets of {vpc_id}")
        if zone in zones:
            fix = "use one subnet a zone"
            raise refusal(key, subnet_id, reason=f"is in zone {zone}, as {zones[zone]} is", fix=fix)
        zones[zone] = subnet_id
    return [subnet_id for subnet_id, _, _ in places]
