"""What a service is reached through: target groups, subnets and security groups that fit together."""

from collections.abc import Mapping
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.members import refuse


def refuse_targets(aws: Aws, operation: str, inputs: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
    """Raises AwsError for a network or a target group that ECS could not use."""
    vpc_id = _refuse_network(aws, operation, inputs["networkConfiguration"])
    for balancer in inputs.get("loadBalancers") or ():
        _refuse_group(aws, operation, balancer, vpc_id)
        _refuse_port(operation, balancer, definition)


def _refuse_network(aws: Aws, operation: str, network: Mapping[str, Any]) -> str:
    """The VPC of all subnets and groups."""
    ec2, subnet_ids, group_ids = aws.client("ec2"), network["subnets"], network.get("securityGroups") or []
    if not subnet_ids:
        raise refuse(operation, "subnets can not be empty.")
    subnets = found(ec2.describe_subnets, "InvalidSubnetID.NotFound", SubnetIds=subnet_ids)
    if subnets is None:
        message = f"Error retrieving subnet information for {subnet_ids} (ErrorCode: InvalidSubnetID.NotFound)"
        raise refuse(operation, message)
    groups = found(ec2.describe_security_groups, "InvalidGroup.NotFound", GroupIds=group_ids) if group_ids else {}
    if groups is None:
        message = f"Error retrieving security group information for {group_ids} (ErrorCode: InvalidGroup.NotFound)"
        raise refuse(operation, message)
    vpcs = {each["VpcId"] for each in [*subnets["Subnets"], *groups.get("SecurityGroups", ())]}
    if len(vpcs) != 1:
        raise refuse(operation, "Subnets and security groups must belong to the same VPC.")
    return str(vpcs.pop())


def _refuse_group(aws: Aws, operation: str, balancer: Mapping[str, Any], vpc_id: str) -> None:
    arn = balancer.get("targetGroupArn", "")
    answer = found(aws.client("elbv2").describe_target_groups, "TargetGroupNotFound", TargetGroupArns=[arn])
    if answer is None:
        raise refuse(operation, f"The specified target group {arn} does not exist.")
    group = answer["TargetGroups"][0]
    if not group.get("LoadBalancerArns"):
        message = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
        raise refuse(operation, message)
    if group["TargetType"] != "ip":
        message = (
            f"The provided target group {arn} has target type {group['TargetType']}, which is incompatible with the "
            "awsvpc network mode specified in the task definition."
        )
        raise refuse(operation, message)
    if group["VpcId"] != vpc_id:
        raise refuse(operation, f"The target group {arn} is not in {vpc_id}, the VPC of the service's subnets.")


def _refuse_port(operation: str, balancer: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
    name, port = balancer["containerName"], balancer["containerPort"]
    containers = {container["name"]: container for container in definition["containerDefinitions"]}
    if name not in containers:
        raise refuse(operation, f"The container {name} does not exist in the task definition.")
    ports = {mapping["containerPort"] for mapping in containers[name].get("portMappings", ())}
    if port not in ports:
        raise refuse(operation, f"The container {name} did not have a container port {port} defined.")
