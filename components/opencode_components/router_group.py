"""Who reaches the router's tasks, and whom they reach."""

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from opencode_components.listeners import HTTPS_PORT
from opencode_components.router_container import PORT


def task_group(
    name: str, region: str, vpc_id: Input[str], load_balancer_group_id: Input[str], of_self: ResourceOptions
) -> aws.ec2.SecurityGroup:
    """In: the load balancer, to the router's port. Out: HTTPS. The way to it is opened in the load balancer's group."""
    group = aws.ec2.SecurityGroup(
        f"{name}-router",
        region=region,
        vpc_id=vpc_id,
        description="Router: reached by the load balancer, reaches HTTPS",
        tags={"Name": f"{name}-router"},
        opts=of_self,
    )
    admit(name, region, group, load_balancer_group_id, of_self)
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-router-to-https",
        region=region,
        security_group_id=group.id,
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="tcp",
        from_port=HTTPS_PORT,
        to_port=HTTPS_PORT,
        description="HTTPS to AWS and to the issuer of tokens",
        opts=of_self,
    )
    return group


def admit(
    name: str, region: str, group: aws.ec2.SecurityGroup, load_balancer_group_id: Input[str], of_self: ResourceOptions
) -> None:
    """Opens the way from the load balancer at both of its ends."""
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-router-from-alb",
        region=region,
        security_group_id=group.id,
        referenced_security_group_id=load_balancer_group_id,
        ip_protocol="tcp",
        from_port=PORT,
        to_port=PORT,
        description="Requests from the load balancer",
        opts=of_self,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-alb-to-router",
        region=region,
        security_group_id=load_balancer_group_id,
        referenced_security_group_id=group.id,
        ip_protocol="tcp",
        from_port=PORT,
        to_port=PORT,
        description="Requests to the router",
        opts=of_self,
    )
