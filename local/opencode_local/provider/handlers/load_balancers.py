"""Application load balancers.

Rules: service model of Elastic Load Balancing v2, and Application Load Balancer user guide, "Create an Application Load
Balancer" and "Enable access logs" (read 2026-11-21).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.elb_access_logs import LOGS, log_attributes, logs, refuse_logs
from opencode_local.provider.handlers.elb_attributes import (
    Attribute,
    declarable,
    faults,
    properties,
    request,
    retag,
    tagging,
    tags_of,
)
from opencode_local.provider.members import block, refuse, unsupported, values

DESYNC_MODES = ("monitor", "defensive", "strictest")
XFF_MODES = ("append", "preserve", "remove")
ATTRIBUTES = (
    Attribute("clientKeepAlive", "client_keep_alive.seconds", 3600, range(60, 604_801)),
    Attribute("desyncMitigationMode", "routing.http.desync_mitigation_mode", "defensive", DESYNC_MODES),
    Attribute("dropInvalidHeaderFields", "routing.http.drop_invalid_header_fields.enabled", default=False),
    Attribute("enableDeletionProtection", "deletion_protection.enabled", default=False),
    Attribute("enableHttp2", "routing.http2.enabled", default=True),
    Attribute(
        "enableTlsVersionAndCipherSuiteHeaders",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        default=False,
    ),
    Attribute("enableWafFailOpen", "waf.fail_open.enabled", default=False),
    Attribute("enableXffClientPort", "routing.http.xff_client_port.enabled", default=False),
    Attribute("enableZonalShift", "zonal_shift.config.enabled", default=False),
    Attribute("idleTimeout", "idle_timeout.timeout_seconds", 60, range(1, 4001)),
    Attribute("preserveHostHeader", "routing.http.preserve_host_header.enabled", default=False),
    Attribute("xffHeaderProcessingMode", "routing.http.xff_header_processing.mode", "append", XFF_MODES),
)
NAME = re.compile(r"(?!internal-)[A-Za-z0-9](-?[A-Za-z0-9])*")
MAX_NAME_CHARACTERS = 32
TABLE = (
    *values("internal", "ipAddressType", "loadBalancerType", "name", "namePrefix", "securityGroups", "subnets"),
    *(block(name, *values("bucket", "enabled", "prefix")) for name in LOGS),
    *declarable(ATTRIBUTES),
)


class LoadBalancer(Handler):
    token = "aws:lb/loadBalancer:LoadBalancer"
    replace_on = frozenset({"name", "namePrefix", "internal", "loadBalancerType"})
    filled_by_aws = frozenset({"ipAddressType", "securityGroups", "internal", "subnets"})
    auto_name = AutoName("name", MAX_NAME_CHARACTERS)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        found_faults = [*unsupported(TABLE, inputs), *faults(ATTRIBUTES, inputs)]
        if inputs.get("loadBalancerType", "application") != "application":
            reason = f"not supported by the local AWS: {inputs['loadBalancerType']!r}, only application"
            found_faults.append(Fault("loadBalancerType", reason))
        return found_faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_name(aws, inputs["name"])
        _refuse_network(aws, "CreateLoadBalancer", inputs)
        refuse_logs(aws, inputs)
        made = aws.client("elbv2").create_load_balancer(
            Name=inputs["name"],
            Type="application",
            Scheme="internal" if inputs.get("internal") else "internet-facing",
            IpAddressType=inputs.get("ipAddressType", "ipv4"),
            Subnets=inputs.get("subnets") or [],
            SecurityGroups=_security_groups(aws, inputs),
            **tagging(inputs),
        )
        arn = str(made["LoadBalancers"][0]["LoadBalancerArn"])
        _set_attributes(aws, arn, inputs)
        return arn

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("elbv2")
        answer = found(client.describe_load_balancers, "LoadBalancerNotFound", LoadBalancerArns=[id_])
        if answer is None:
            return None
        balancer = answer["LoadBalancers"][0]
        attributes = client.describe_load_balancer_attributes(LoadBalancerArn=id_)["Attributes"]
        return {
            **properties(ATTRIBUTES, attributes),
            **logs(attributes),
            "name": balancer["LoadBalancerName"],
            "internal": balancer["Scheme"] == "internal",
            "loadBalancerType": balancer["Type"],
            "ipAddressType": balancer["IpAddressType"],
            "securityGroups": balancer.get("SecurityGroups", []),
            "subnets": [zone["SubnetId"] for zone in balancer["AvailabilityZones"]],
            "tagsAll": tags_of(aws, id_),
            "arn": id_,
            "arnSuffix": id_.partition(":loadbalancer/")[2],
            "dnsName": balancer["DNSName"],
            "vpcId": balancer["VpcId"],
            "zoneId": balancer["CanonicalHostedZoneId"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("elbv2")
        _refuse_network(aws, "SetSubnets", new)
        refuse_logs(aws, new)
        if old.get("ipAddressType") != new.get("ipAddressType"):
            client.set_ip_address_type(LoadBalancerArn=id_, IpAddressType=new.get("ipAddressType", "ipv4"))
        if set(old.get("subnets") or ()) != set(new.get("subnets") or ()):
            client.set_subnets(LoadBalancerArn=id_, Subnets=new["subnets"])
        if set(old.get("securityGroups") or ()) != set(new.get("securityGroups") or ()):
            client.set_security_groups(LoadBalancerArn=id_, SecurityGroups=_security_groups(aws, new))
        _set_attributes(aws, id_, new)
        retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        there = self.read(aws, id_, {})
        if there and there["enableDeletionProtection"]:
            message = f"Load balancer '{id_}' cannot be deleted because deletion protection is enabled"
            raise refuse("DeleteLoadBalancer", message, "OperationNotPermitted")
        found(aws.client("elbv2").delete_load_balancer, "LoadBalancerNotFound", LoadBalancerArn=id_)


def _set_attributes(aws: Aws, arn: str, inputs: Mapping[str, Any]) -> None:
    attributes = [*request(ATTRIBUTES, inputs), *log_attributes(inputs)]
    aws.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)


def _refuse_name(aws: Aws, name: str) -> None:
    operation = "CreateLoadBalancer"
    if len(name) > MAX_NAME_CHARACTERS:
        message = f"The load balancer name '{name}' cannot be longer than '{MAX_NAME_CHARACTERS}' characters"
        raise AwsError("ValidationError", message, operation)
    if not NAME.fullmatch(name):
        message = (
            f"The load balancer name '{name}' can only contain alphanumeric characters or hyphens, must not begin or "
            "end with a hyphen, and must not begin with 'internal-'"
        )
        raise AwsError("ValidationError", message, operation)
    if found(aws.client("elbv2").describe_load_balancers, "LoadBalancerNotFound", Names=[name]):
        message = f"A load balancer with the same name '{name}' exists, but with different settings"
        raise AwsError("DuplicateLoadBalancerName", message, operation)


def _refuse_network(aws: Aws, operation: str, inputs: Mapping[str, Any]) -> None:
    """Raises AwsError unless the subnets are of one VPC in two zones at least, and the groups are of that VPC."""
    ids, ec2 = inputs.get("subnets") or [], aws.client("ec2")
    answer = found(ec2.describe_subnets, "InvalidSubnetID.NotFound", SubnetIds=ids) if ids else {"Subnets": []}
    if answer is None:
        raise AwsError("SubnetNotFound", f"One of the subnets {', '.join(ids)} does not exist", operation)
    subnets = answer["Subnets"]
    zones = [subnet["AvailabilityZone"] for subnet in subnets]
    vpcs = {subnet["VpcId"] for subnet in subnets}
    if len(zones) != len(set(zones)):
        message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        raise AwsError("InvalidConfigurationRequest", message, operation)
    if len(zones) < 2:
        message = "At least two subnets in two different Availability Zones must be specified"
        raise AwsError("ValidationError", message, operation)
    if len(vpcs) > 1:
        raise AwsError("InvalidConfigurationRequest", "All subnets must belong to the same VPC", operation)
    vpc_id = vpcs.pop()
    _refuse_groups(aws, operation, vpc_id, inputs.get("securityGroups") or [])
    if not inputs.get("internal"):
        _refuse_without_gateway(aws, operation, vpc_id)


def _refuse_groups(aws: Aws, operation: str, vpc_id: str, groups: list[str]) -> None:
    describe = aws.client("ec2").describe_security_groups
    answer = found(describe, "InvalidGroup.NotFound", GroupIds=groups) if groups else {"SecurityGroups": []}
    if answer is None or any(group["VpcId"] != vpc_id for group in answer["SecurityGroups"]):
        message = f"One or more security groups of {', '.join(groups)} are invalid: not found in {vpc_id}"
        raise AwsError("InvalidConfigurationRequest", message, operation)


def _refuse_without_gateway(aws: Aws, operation: str, vpc_id: str) -> None:
    wanted = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
    if not aws.client("ec2").describe_internet_gateways(Filters=wanted)["InternetGateways"]:
        raise AwsError("InvalidSubnet", f"VPC {vpc_id} has no internet gateway", operation)


def _security_groups(aws: Aws, inputs: Mapping[str, Any]) -> list[str]:
    """Those declared, else the default group of the VPC."""
    declared = inputs.get("securityGroups")
    if declared:
        return list(declared)
    client = aws.client("ec2")
    vpc_id = client.describe_subnets(SubnetIds=inputs["subnets"][:1])["Subnets"][0]["VpcId"]
    wanted = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    return [group["GroupId"] for group in client.describe_security_groups(Filters=wanted)["SecurityGroups"]]


HANDLERS = (LoadBalancer(),)
