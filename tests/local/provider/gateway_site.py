"""The parts of a gateway that others stand on: a network, a certificate, a load balancer, a service."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.local.provider.declaring import Made, Program

LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
ROLE = "aws:iam/role:Role"
HOST = "ai.example.com"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, **condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": condition} if condition else statement)


@dataclass(frozen=True)
class Network:
    vpc_id: str
    subnet_ids: Sequence[str]
    group_id: str


def a_network(program: Program, cidr: str = "10.0.0.0/16", *, has_gateway: bool = True) -> Network:
    """Two subnets in two zones, and one security group."""
    ec2 = program.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    if has_gateway:
        gateway_id = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
    prefix = cidr.rsplit(".", 2)[0]
    return Network(
        vpc_id,
        [a_subnet(program, vpc_id, f"{prefix}.{place}.0/24", zone) for place, zone in enumerate("ab")],
        ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc_id)["GroupId"],
    )


def a_subnet(program: Program, vpc_id: str, cidr: str, zone: str) -> str:
    made = program.client("ec2").create_subnet(VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=f"us-east-1{zone}")
    return str(made["Subnet"]["SubnetId"])


def a_balancer(program: Program, network: Network, **inputs: Any) -> Made:
    inputs = {"securityGroups": [network.group_id], "subnets": list(network.subnet_ids), **inputs}
    return program.declare(LOAD_BALANCER, **inputs)


def a_target_group(program: Program, network: Network, **inputs: Any) -> Made:
    inputs = {"port": 8080, "protocol": "HTTP", "targetType": "ip", "vpcId": network.vpc_id, **inputs}
    return program.declare(TARGET_GROUP, **inputs)


def a_listener(program: Program, balancer: Made, **inputs: Any) -> Made:
    refuse = {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "401"}}
    inputs = {"port": 80, "protocol": "HTTP", "defaultActions": [refuse], **inputs}
    return program.declare(LISTENER, loadBalancerArn=balancer["arn"], **inputs)


def a_rule(program: Program, listener: Made, group: Made, **inputs: Any) -> Made:
    forward = {"type": "forward", "targetGroupArn": group["arn"]}
    inputs = {"priority": 10, "actions": [forward], "conditions": [{"hostHeader": {"values": [HOST]}}], **inputs}
    return program.declare(LISTENER_RULE, listenerArn=listener["arn"], **inputs)


def a_certificate_arn(program: Program, *, is_issued: bool = True) -> str:
    zone = program.declare("aws:route53/zone:Zone", name="example.com")
    made = program.declare("aws:acm/certificate:Certificate", domainName=HOST, validationMethod="DNS")
    option = made["domainValidationOptions"][0]
    if is_issued:
        program.declare(
            "aws:route53/record:Record",
            zoneId=zone["zoneId"],
            name=option["resourceRecordName"],
            type=option["resourceRecordType"],
            records=[option["resourceRecordValue"]],
            ttl=60,
        )
    return str(made["arn"])


def a_role(program: Program, service: str = "ecs-tasks.amazonaws.com", **inputs: Any) -> Made:
    return program.declare(ROLE, assumeRolePolicy=trust(service), **inputs)
