"""AWS services reached without leaving a VPC."""

from collections.abc import Iterable, Sequence

import pulumi_aws as aws

from opencode_components.network_site import Site
from opencode_components.refusals import refusal

GATEWAY_SERVICES = ("s3", "dynamodb")
"""Services with a gateway endpoint, which costs nothing."""
INTERFACE_SERVICES = ("bedrock-runtime", "bedrock-mantle", "ecr.api", "ecr.dkr", "logs", "sts", "secretsmanager")
"""Services that can have an interface endpoint, by the last part of the service's name.

Sources: "AWS services that integrate with AWS PrivateLink" and the Bedrock user guide, read 2026-11-21.
"""
HTTPS_PORT = 443


def checked_services(services: Sequence[str]) -> list[str]:
    """`services` in the order of the table. Raises ValueError on one that is unknown or there twice."""
    for service in services:
        if service not in INTERFACE_SERVICES:
            fix = f"use some of {', '.join(INTERFACE_SERVICES)}; s3 and dynamodb are always there"
            raise refusal("endpoint_services", service, reason="is none of the services offered", fix=fix)
    if len(set(services)) != len(services):
        raise refusal("endpoint_services", list(services), reason="names a service twice", fix="name each once")
    return [service for service in INTERFACE_SERVICES if service in services]


def gateway_endpoints(site: Site, tables: Iterable[aws.ec2.RouteTable]) -> list[aws.ec2.VpcEndpoint]:
    """Endpoints that are routes: whoever uses one of `tables` reaches S3 and DynamoDB through them."""
    table_ids = [table.id for table in tables]
    return [
        aws.ec2.VpcEndpoint(
            f"{site.name}-{service}",
            region=site.region,
            vpc_id=site.vpc.id,
            service_name=f"com.amazonaws.{site.region}.{service}",
            vpc_endpoint_type="Gateway",
            route_table_ids=table_ids,
            tags={"Name": f"{site.name}-{service}"},
            opts=site.of_self,
        )
        for service in GATEWAY_SERVICES
    ]


def interface_endpoints(
    site: Site, services: Sequence[str], subnets: Iterable[aws.ec2.Subnet], clients: aws.ec2.SecurityGroup
) -> list[aws.ec2.VpcEndpoint]:
    """Endpoints that are addresses in `subnets`, under the services' own names, for `clients` and nobody else."""
    if not services:
        return []
    group = endpoint_group(site, clients)
    subnet_ids = [subnet.id for subnet in subnets]
    return [
        aws.ec2.VpcEndpoint(
            name := f"{site.name}-{service.replace('.', '-')}",
            region=site.region,
            vpc_id=site.vpc.id,
            service_name=f"com.amazonaws.{site.region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=subnet_ids,
            security_group_ids=[group.id],
            tags={"Name": name},
            opts=site.of_self,
        )
        for service in services
    ]


def endpoint_client_group(site: Site) -> aws.ec2.SecurityGroup:
    """The group whose members may reach the interface endpoints. It admits nothing itself."""
    name = f"{site.name}-endpoint-clients"
    return aws.ec2.SecurityGroup(
        name,
        region=site.region,
        vpc_id=site.vpc.id,
        description="Members may reach the interface endpoints of the VPC",
        tags={"Name": name},
        opts=site.of_self,
    )


def endpoint_group(site: Site, clients: aws.ec2.SecurityGroup) -> aws.ec2.SecurityGroup:
    """The group of the interface endpoints, and the two rules that let `clients` through to it."""
    name = f"{site.name}-endpoints"
    group = aws.ec2.SecurityGroup(
        name,
        region=site.region,
        vpc_id=site.vpc.id,
        description="Interface endpoints: only their clients, only HTTPS",
        tags={"Name": name},
        opts=site.of_self,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-in",
        region=site.region,
        security_group_id=group.id,
        referenced_security_group_id=clients.id,
        ip_protocol="tcp",
        from_port=HTTPS_PORT,
        to_port=HTTPS_PORT,
        description="HTTPS from the clients of the endpoints",
        opts=site.of_self,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{site.name}-endpoint-clients-out",
        region=site.region,
        security_group_id=clients.id,
        referenced_security_group_id=group.id,
        ip_protocol="tcp",
        from_port=HTTPS_PORT,
        to_port=HTTPS_PORT,
        description="HTTPS to the endpoints",
        opts=site.of_self,
    )
    return group
