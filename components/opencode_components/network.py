"""A VPC for the gateway."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from opencode_components.flow_logs import flow_logs
from opencode_components.network_endpoints import (
    checked_services,
    endpoint_client_group,
    gateway_endpoints,
    interface_endpoints,
)
from opencode_components.network_layout import zone_layout
from opencode_components.network_routes import internet_gateway, nat_gateway, private_routes, public_routes, subnet
from opencode_components.network_site import network_site
from opencode_components.refusals import refusal
from opencode_components.retention import retention_days

FLOW_LOG_RETENTION_DAYS = 30


class Egress(StrEnum):
    """How tasks reach the internet."""

    NAT = "nat"
    """One NAT gateway: cheaper, and gone with its zone."""
    NAT_PER_ZONE = "nat_per_zone"
    """A NAT gateway in every zone."""
    PUBLIC_IP = "public_ip"
    """Tasks in the public subnets with addresses of their own: the cheapest."""
    NONE = "none"
    """Not at all: only the AWS services with an endpoint."""


NEEDED_WITHOUT_EGRESS = ("bedrock-runtime", "bedrock-mantle", "ecr.api", "ecr.dkr", "logs")
"""Services whose endpoints the gateway cannot do without when there is no way to the internet.

Models are called on the first two, the image is pulled through the next two (its layers through S3's endpoint).
Source: "Migrating to Linux platform version 1.4.0", Amazon ECS developer guide, read 2026-11-21.
"""


class NetworkArgs(TypedDict):
    """What a Network is made from."""

    region: str
    """AWS region. Plain, because the names of zones and services are built from it."""
    zones: list[str]
    """Two or three availability zones by name, such as `us-east-1a`. Plain, because each has its own subnets."""
    cidr: str
    """Private IPv4 range of the VPC, /16 to /20. Plain, because the subnets are computed from it."""
    egress: str
    """How tasks reach the internet: `nat`, `nat_per_zone`, `public_ip` or `none`. Plain."""
    endpoint_services: NotRequired[list[str]]
    """Services with an interface endpoint in each zone, by the last part of their name (`ecr.api`). Plain."""
    flow_log_retention_days: NotRequired[int]
    """Days that the record of all traffic is kept: a value that CloudWatch Logs offers. Plain. Default 30."""


class Network(pulumi.ComponentResource):
    """A VPC with a public and a private subnet in each zone, ways out, endpoints and flow logs.

    Subnets are named and placed by the letter of their zone, so that a zone that comes or goes leaves the others
    as they are. Raises ValueError on args that cannot be, with key, value, reason and fix.
    """

    vpc_id: Output[str]
    """Id of the VPC, `vpc-...`."""
    cidr: Output[str]
    """IPv4 range of the VPC."""
    public_subnet_ids: Output[Sequence[str]]
    """One subnet a zone, by zone letter, with a route to and from the internet."""
    private_subnet_ids: Output[Sequence[str]]
    """One subnet a zone, by zone letter, that nothing on the internet can reach."""
    task_subnet_ids: Output[Sequence[str]]
    """The subnets that tasks belong in: the public ones with egress `public_ip`, else the private ones."""
    assign_public_ip: Output[bool]
    """Whether tasks need a public address to get out."""
    endpoint_client_security_group_id: Output[str]
    """The group whose members may reach the interface endpoints on port 443; nobody else may."""

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Network", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        region = args["region"]
        zones = zone_layout(region, args["zones"], args["cidr"])
        services = checked_services(args.get("endpoint_services", []))
        egress = checked_egress(args["egress"], services)
        flow_log_days = args.get("flow_log_retention_days", FLOW_LOG_RETENTION_DAYS)
        kept_days = retention_days("flow_log_retention_days", flow_log_days)

        site = network_site(name, region, args["cidr"], of_self)
        flow_logs(site, kept_days)
        public = {zone.letter: subnet(site, "public", zone) for zone in zones}
        private = {zone.letter: subnet(site, "private", zone) for zone in zones}
        internet = internet_gateway(site)
        nats = {letter: nat_gateway(site, letter, public[letter], internet) for letter in nat_letters(egress, public)}
        public_table, public_route = public_routes(site, public, internet)
        private_tables, private_ways = private_routes(site, private, nats)
        clients = endpoint_client_group(site)
        endpoints = [
            *gateway_endpoints(site, [public_table, *private_tables]),
            *interface_endpoints(site, services, private.values(), clients),
        ]

        self.vpc_id = site.vpc.id
        self.cidr = site.vpc.cidr_block
        self.public_subnet_ids = ids_after(public.values(), [public_route])
        self.private_subnet_ids = ids_after(private.values(), [*private_ways, *endpoints])
        self.assign_public_ip = Output.from_input(egress is Egress.PUBLIC_IP)
        self.task_subnet_ids = self.public_subnet_ids if egress is Egress.PUBLIC_IP else self.private_subnet_ids
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


def checked_egress(value: str, services: Sequence[str]) -> Egress:
    """Raises ValueError on an unknown egress, and on `none` without the endpoints that are needed then."""
    if value not in list(Egress):
        raise refusal("egress", value, reason="is no way out", fix=f"use one of {', '.join(Egress)}")
    missing = [service for service in NEEDED_WITHOUT_EGRESS if service not in services]
    if value == Egress.NONE and missing:
        fix = f"add {', '.join(missing)} to endpoint_services, or choose another egress"
        raise refusal("egress", value, reason="leaves tasks without services that they need", fix=fix)
    return Egress(value)


def nat_letters(egress: Egress, letters: Iterable[str]) -> list[str]:
    """The zones that get a NAT gateway."""
    counts = {Egress.NAT: 1, Egress.NAT_PER_ZONE: None}
    return list(letters)[: counts.get(egress, 0)]


def ids_after(subnets: Iterable[aws.ec2.Subnet], ways: Sequence[pulumi.Resource]) -> Output[Sequence[str]]:
    """Ids of the subnets for things that start once `ways` exist, and stop before those go.

    A URN carries the dependency and is known in a preview, so that a new endpoint does not make all ids unknown.
    """
    ids = Output.all(*(member.id for member in subnets))
    return Output.all(ids, *(way.urn for way in ways)).apply(lambda known: known[0])
