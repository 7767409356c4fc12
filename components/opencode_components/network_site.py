"""The VPC itself, and what its parts are declared with."""

from typing import NamedTuple

import pulumi_aws as aws
from pulumi import ResourceOptions


class Site(NamedTuple):
    """What all parts of one network have in common."""

    name: str
    """Name of the component; the resource names of all parts begin with it."""
    region: str
    vpc: aws.ec2.Vpc
    of_self: ResourceOptions
    """Options that make the network the parent."""


def network_site(name: str, region: str, cidr: str, of_self: ResourceOptions) -> Site:
    """A VPC with DNS, which private endpoints need, and with a default security group that admits nothing."""
    vpc = aws.ec2.Vpc(
        name,
        region=region,
        cidr_block=cidr,
        enable_dns_support=True,
        enable_dns_hostnames=True,
        tags={"Name": name},
        opts=of_self,
    )
    aws.ec2.DefaultSecurityGroup(
        f"{name}-default",
        region=region,
        vpc_id=vpc.id,
        ingress=[],
        egress=[],
        tags={"Name": f"{name}-default-unused"},
        opts=of_self,
    )
    return Site(name, region, vpc, of_self)
