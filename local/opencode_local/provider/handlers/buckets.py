"""S3 buckets.

Settings that pulumi_aws offers both here and as resources of their own are taken from the latter only.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.members import unsupported, values
from opencode_local.provider.tags import mapping, pairs

FIRST_REGION = "us-east-1"
"""The only one that CreateBucket does not want named."""
GONE = ("404", "NoSuchBucket")
NAME = re.compile(r"(?!xn--)(?!.*\.\.)(?!\d+(\.\d+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""Source: S3 user guide, "General purpose bucket naming rules" (read 2026-11-21)."""
BATCH = 1000
"""Objects that one DeleteObjects takes."""


class Bucket(Handler):
    token = "aws:s3/bucket:Bucket"
    replace_on = frozenset({"bucket", "bucketPrefix", "objectLockEnabled", "region"})
    auto_name = AutoName("bucket", 63, lower=True)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(values("bucket", "bucketPrefix", "forceDestroy", "objectLockEnabled"), inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = inputs["bucket"]
        if not NAME.fullmatch(name):
            raise AwsError("InvalidBucketName", f"The specified bucket is not valid: {name}", "CreateBucket")
        if region_of(aws, name):
            message = "Your previous request to create the named bucket succeeded and you already own it."
            raise AwsError("BucketAlreadyOwnedByYou", message, "CreateBucket")
        place = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}} if aws.region != FIRST_REGION else {}
        lock = {"ObjectLockEnabledForBucket": True} if inputs.get("objectLockEnabled") else {}
        aws.client("s3").create_bucket(Bucket=name, **place, **lock)
        _set_tags(aws, name, inputs)
        return str(name)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        region = region_of(aws, id_)
        if region is None:
            return None
        tagging = found(aws.client("s3").get_bucket_tagging, "NoSuchTagSet", Bucket=id_)
        return {
            "bucket": id_,
            "tagsAll": mapping(tagging["TagSet"]) if tagging else {},
            "arn": f"arn:{aws.partition}:s3:::{id_}",
            "bucketDomainName": f"{id_}.s3.amazonaws.com",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{id_}.s3.{region}.amazonaws.com",
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _set_tags(aws, id_, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if properties.get("forceDestroy") and region_of(aws, id_):
            _empty(aws, id_)
        found(aws.client("s3").delete_bucket, *GONE, Bucket=id_)


def region_of(aws: Aws, bucket: str) -> str | None:
    """The region of one of the account's buckets; None when there is no such bucket."""
    answer = found(aws.client("s3").head_bucket, *GONE, Bucket=bucket)
    return None if answer is None else str(answer["BucketRegion"])


def _set_tags(aws: Aws, bucket: str, inputs: Properties) -> None:
    client, tags = aws.client("s3"), inputs.get("tagsAll")
    if tags:
        client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(tags)})
    else:
        client.delete_bucket_tagging(Bucket=bucket)


def _empty(aws: Aws, bucket: str) -> None:
    """Removes every version of every object, and the marks of deleted ones."""
    client = aws.client("s3")
    # The embedded AWS reads a Deny without its condition, and would keep everyone out.
    client.delete_bucket_policy(Bucket=bucket)
    versions = list(_versions(client, bucket))
    for start in range(0, len(versions), BATCH):
        client.delete_objects(Bucket=bucket, Delete={"Objects": versions[start : start + BATCH]})


def _versions(client: Any, bucket: str) -> Iterator[dict[str, str]]:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            yield {"Key": version["Key"], "VersionId": version["VersionId"]}


HANDLERS = (Bucket(),)
