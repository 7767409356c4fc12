"""A bucket for the access logs of load balancers."""

import json
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.refusals import refusal

LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"
"""Who writes the access logs of application load balancers, in every region.

Source: Application Load Balancer user guide, "Enable access logs", bucket policy (read 2026-11-21). It takes
encryption with Amazon S3 managed keys only.
"""
NONCURRENT_DAYS = 7
"""How long a log that was overwritten or deleted can still be had back."""
MULTIPART_DAYS = 1

# Annotations that name `aws.s3` are text: evaluated, they would import it, and it warns of its own old parts.


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

        bucket = aws.s3.Bucket(
            name,
            region=region,
            force_destroy=not is_protected,
            opts=ResourceOptions.merge(of_self, ResourceOptions(protect=is_protected)),
        )
        access = aws.s3.BucketPublicAccessBlock(
            name,
            region=region,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=of_self,
        )
        aws.s3.BucketOwnershipControls(
            name,
            region=region,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=of_self,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name, region=region, bucket=bucket.bucket, rules=[encryption_rule()], opts=of_self
        )
        versioning = aws.s3.BucketVersioning(
            name,
            region=region,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=of_self,
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            region=region,
            bucket=versioning.bucket,  # a rule on noncurrent versions means nothing before there are versions
            rules=[expiry_rule(retention_days)],
            opts=of_self,
        )
        policy = aws.s3.BucketPolicy(
            name,
            region=region,
            bucket=access.bucket,  # S3 lets only one of the two be changed at a time
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


def encryption_rule() -> "aws.s3.BucketServerSideEncryptionConfigurationRuleArgs":
    by_default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="AES256"
    )
    return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=by_default)


def expiry_rule(retention_days: int) -> "aws.s3.BucketLifecycleConfigurationRuleArgs":
    """Current versions go after `retention_days`, what is left of them and of broken uploads soon after."""
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="expire",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=retention_days),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=NONCURRENT_DAYS
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=MULTIPART_DAYS
        ),
    )


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
        {
            "Sid": "OnlyWithTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
