"""Subnets of a VPC and their ways out."""

from collections.abc import Mapping

import pulumi_aws as aws
from pulumi import ResourceOptions

from opencode_components.network_layout import ZoneBlocks
from opencode_components.network_site import Site

ANYWHERE = "0.0.0.0/0"

Subnets = Mapping[str, aws.ec2.Subnet]
"""The subnets of one kind, by the letter of their zone."""


def subnet(site: Site, kind: str, zone: ZoneBlocks) -> aws.ec2.Subnet:
    """The `public` or `private` subnet of a zone. Nothing gets a public address by merely starting in it."""
    name = f"{site.name}-{kind}-{zone.letter}"
    return aws.ec2.Subnet(
        name,
        region=site.region,
        vpc_id=site.vpc.id,
        availability_zone=zone.zone,
        cidr_block=zone.public if kind == "public" else zone.private,
        map_public_ip_on_launch=False,
        tags={"Name": name},
        opts=site.of_self,
    )


def internet_gateway(site: Site) -> aws.ec2.InternetGateway:
    return aws.ec2.InternetGateway(
        site.name, region=site.region, vpc_id=site.vpc.id, tags={"Name": site.name}, opts=site.of_self
    )


def route_table(site: Site, name: str, kind: str, subnets: Subnets) -> aws.ec2.RouteTable:
    """A table used by `subnets`, all of one kind, with no way out of the VPC yet."""
    table = aws.ec2.RouteTable(name, region=site.region, vpc_id=site.vpc.id, tags={"Name": name}, opts=site.of_self)
    for letter, member in subnets.items():
        aws.ec2.RouteTableAssociation(
            f"{site.name}-{kind}-{letter}",
            region=site.region,
            route_table_id=table.id,
            subnet_id=member.id,
            opts=site.of_self,
        )
    return table


def public_routes(
    site: Site, subnets: Subnets, internet: aws.ec2.InternetGateway
) -> tuple[aws.ec2.RouteTable, aws.ec2.Route]:
    """One table for all public subnets, and its route to and from the internet."""
    name = f"{site.name}-public"
    table = route_table(site, name, "public", subnets)
    route = aws.ec2.Route(
        name,
        region=site.region,
        route_table_id=table.id,
        destination_cidr_block=ANYWHERE,
        gateway_id=internet.id,
        opts=site.of_self,
    )
    return table, route


def private_routes(
    site: Site, subnets: Subnets, nats: Mapping[str, aws.ec2.NatGateway]
) -> tuple[list[aws.ec2.RouteTable], list[aws.ec2.Route]]:
    """A table for each private subnet. Its route goes through the NAT gateway of the zone, else through the first."""
    tables = {
        letter: route_table(site, f"{site.name}-private-{letter}", "private", {letter: member})
        for letter, member in subnets.items()
    }
    routes = [
        aws.ec2.Route(
            f"{site.name}-private-{letter}",
            region=site.region,
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            nat_gateway_id=nats.get(letter, next(iter(nats.values()))).id,
            opts=site.of_self,
        )
        for letter, table in tables.items()
        if nats
    ]
    return list(tables.values()), routes


def nat_gateway(
    site: Site, letter: str, public: aws.ec2.Subnet, internet: aws.ec2.InternetGateway
) -> aws.ec2.NatGateway:
    """A NAT gateway in a zone's public subnet, with an address of its own."""
    name = f"{site.name}-nat-{letter}"
    # AWS refuses both while the VPC has no internet gateway, and neither has an argument that says so.
    after_internet = ResourceOptions.merge(site.of_self, ResourceOptions(depends_on=[internet]))
    address = aws.ec2.Eip(name, region=site.region, domain="vpc", tags={"Name": name}, opts=after_internet)
    return aws.ec2.NatGateway(
        name,
        region=site.region,
        subnet_id=public.id,
        allocation_id=address.allocation_id,
        tags={"Name": name},
        opts=after_internet,
    )
