"""A record of all traffic of a VPC, in CloudWatch Logs."""

import json

import pulumi_aws as aws
from pulumi import ResourceOptions

from opencode_components.network_site import Site

WRITE_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams")


def trust_policy(vpc_arn: str) -> str:
    """Lets the flow log service take the role, only for flow logs of the VPC's own account and region.

    Source: "IAM role for publishing flow logs to CloudWatch Logs", Amazon VPC user guide, read 2026-11-21.
    """
    _, partition, _, region, account_id, _ = vpc_arn.split(":", maxsplit=5)
    flow_logs = f"arn:{partition}:ec2:{region}:{account_id}:vpc-flow-log/*"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account_id},
            "ArnLike": {"aws:SourceArn": flow_logs},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def write_policy(log_group_arn: str) -> str:
    """Lets the role write into the group. It is there already, so nothing else needs to be listed or created."""
    statement = {"Effect": "Allow", "Action": WRITE_ACTIONS, "Resource": f"{log_group_arn}:*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def flow_logs(site: Site, retention_days: int) -> None:
    """Flow logs of the site's VPC, in a group and through a role that only they use."""
    name = f"{site.name}-flow-logs"
    group = aws.cloudwatch.LogGroup(name, region=site.region, retention_in_days=retention_days, opts=site.of_self)
    role = aws.iam.Role(
        name,
        description="Writes the VPC's flow logs into their log group",
        assume_role_policy=site.vpc.arn.apply(trust_policy),
        opts=site.of_self,
    )
    permission = aws.iam.RolePolicy(name, role=role.name, policy=group.arn.apply(write_policy), opts=site.of_self)
    aws.ec2.FlowLog(
        name,
        region=site.region,
        vpc_id=site.vpc.id,
        traffic_type="ALL",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags={"Name": name},
        # Without the permission the first records would be lost.
        opts=ResourceOptions.merge(site.of_self, ResourceOptions(depends_on=[permission])),
    )
