"""A bucket as all of ours are: nobody's but the account's, encrypted, versioned, and only over TLS."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Output, ResourceOptions

NONCURRENT_DAYS = 7
"""How long what was overwritten or deleted can still be had back."""
MULTIPART_DAYS = 1
"""After which the parts of an upload that broke off are gone."""

# Annotations that name `aws.s3` are text: evaluated, they would import it, and it warns of its own old parts.


@dataclass(frozen=True, kw_only=True)
class PrivateBucket:
    """Its ARN, and its name as it becomes known at three points of its making."""

    arn: Output[str]
    name: Output[str]
    """Once the bucket exists."""
    closed_name: Output[str]
    """Once public access is blocked: S3 lets only one of that block and the policy be changed at a time."""
    versioned_name: Output[str]
    """Once it has versions, before which a rule on noncurrent ones means nothing."""


def private_bucket(name: str, region: str, *, is_protected: bool, of_self: ResourceOptions) -> PrivateBucket:
    """The bucket and its settings, without policy and expiry. With `is_protected` it outlives a destroy."""
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
    return PrivateBucket(
        arn=bucket.arn, name=bucket.bucket, closed_name=access.bucket, versioned_name=versioning.bucket
    )


def encryption_rule() -> "aws.s3.BucketServerSideEncryptionConfigurationRuleArgs":
    by_default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="AES256"
    )
    return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=by_default)


def expiry_rule(
    rule_id: str, *, prefix: str = "", days: int | None = None, noncurrent_days: int = NONCURRENT_DAYS
) -> "aws.s3.BucketLifecycleConfigurationRuleArgs":
    """Under `prefix`: current versions go after `days`, or never; older ones and broken uploads in any case."""
    expiration = aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(
        days=days,
        # What marks a deletion goes when nothing is left below it; S3 does so by itself where `days` are given.
        expired_object_delete_marker=None if days else True,
    )
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=rule_id,
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        expiration=expiration,
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=noncurrent_days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=MULTIPART_DAYS
        ),
    )


def tagged_expiry_rule(
    rule_id: str, *, key: str, value: str, days: int
) -> "aws.s3.BucketLifecycleConfigurationRuleArgs":
    """Objects with the tag go after `days`. Uploads have no tags, and another rule has to take older versions away."""
    tag = aws.s3.BucketLifecycleConfigurationRuleFilterTagArgs(key=key, value=value)
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=rule_id,
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(tag=tag),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
    )


def lifecycle(
    name: str,
    region: str,
    bucket: PrivateBucket,
    rules: "Sequence[aws.s3.BucketLifecycleConfigurationRuleArgs]",
    of_self: ResourceOptions,
) -> None:
    """What of the bucket's content goes, and when."""
    aws.s3.BucketLifecycleConfiguration(name, region=region, bucket=bucket.versioned_name, rules=[*rules], opts=of_self)


def only_with_tls(bucket_arn: str) -> dict[str, Any]:
    """The statement by which nobody reads or writes in plain text."""
    return {
        "Sid": "OnlyWithTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket_policy(bucket_arn: str) -> str:
    """The document for a bucket that only IAM opens."""
    return json.dumps({"Version": "2012-10-17", "Statement": [only_with_tls(bucket_arn)]})
