"""A bucket for the access logs of load balancers."""

import json
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.private_bucket import expiry_rule, lifecycle, only_with_tls, private_bucket
from opencode_components.refusals import refusal

LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"
"""Who writes the access logs of application load balancers, in every region.

Source: Application Load Balancer user guide, "Enable access logs", bucket policy (read 2026-11-21). It takes
encryption with Amazon S3 managed keys only.
"""


class LogBucketArgs(TypedDict):
    """What a LogBucket is made from."""

    region: str
    """AWS region of the load balancers that write here. Plain, like all regions here."""
    account_id: Input[str]
    """AWS account of the load balancers that write here."""
    retention_days: int
    """Days that a log is kept. Plain, because it is checked."""
    deletion_protection: NotRequired[bool]
    """Whether the bucket and what is in it survive a destroy. Plain. Default true."""


class LogBucket(pulumi.ComponentResource):
    """A private bucket that takes access logs of one account's load balancers, encrypted, and forgets them in time.

    Raises ValueError when the retention is less than a day.
    """

    bucket_name: Output[str]
    """Name of the bucket, known once it can be written to."""
    bucket_arn: Output[str]
    """ARN of the bucket."""

    def __init__(self, name: str, args: LogBucketArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:LogBucket", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        region, is_protected = args["region"], args.get("deletion_protection", True)
        retention_days = checked_retention("retention_days", args["retention_days"])

        bucket = private_bucket(name, region, is_protected=is_protected, of_self=of_self)
        lifecycle(name, region, bucket, [expiry_rule("expire", days=retention_days)], of_self)
        policy = aws.s3.BucketPolicy(
            name,
            region=region,
            bucket=bucket.closed_name,
            policy=Output.all(bucket.arn, args["account_id"]).apply(lambda known: bucket_policy(*known)),
            opts=of_self,
        )

        self.bucket_name = policy.bucket
        self.bucket_arn = bucket.arn
        self.register_outputs({"bucket_name": self.bucket_name, "bucket_arn": self.bucket_arn})


def checked_retention(key: str, days: float) -> int:
    """`days` as a whole number. Raises ValueError on less than one."""
    if days < 1:
        raise refusal(key, days, reason="is no time at all", fix="keep logs for a day at least")
    return int(days)


def bucket_policy(bucket_arn: str, account_id: str) -> str:
    """Log delivery may put logs where those of this account's load balancers belong; nobody comes without TLS."""
    statements = [
        {
            "Sid": "LogDelivery",
            "Effect": "Allow",
            "Principal": {"Service": LOG_DELIVERY},
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/AWSLogs/{account_id}/*",
        },
        only_with_tls(bucket_arn),
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
