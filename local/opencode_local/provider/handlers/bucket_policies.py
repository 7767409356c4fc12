"""Policies of S3 buckets.

Rules: S3 user guide, "Policies and permissions in Amazon S3" and "Blocking public access" (read 2026-11-21).
"""

from collections.abc import Mapping
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Handler, Properties
from opencode_local.provider.handlers.policy_documents import refuse_malformed, size, statements

OPERATION = "PutBucketPolicy"
MALFORMED = "MalformedPolicy"
MAX_POLICY_CHARACTERS = 20_480


class BucketPolicy(Handler):
    """The bucket's only policy; its id is the bucket's name."""

    token = "aws:s3/bucketPolicy:BucketPolicy"
    replace_on = frozenset({"bucket"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        bucket, policy = inputs["bucket"], inputs["policy"]
        _refuse_policy(aws, bucket, policy)
        if _is_public(policy) and _blocks_public_policy(aws, bucket):
            message = "Access Denied: public policies are blocked by the BlockPublicPolicy setting of the bucket"
            raise AwsError("AccessDenied", message, OPERATION)
        aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
        return str(bucket)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        answer = found(aws.client("s3").get_bucket_policy, "NoSuchBucket", "NoSuchBucketPolicy", Bucket=id_)
        return None if answer is None else {"bucket": id_, "policy": answer["Policy"]}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("s3").delete_bucket_policy, "NoSuchBucket", "NoSuchBucketPolicy", Bucket=id_)


def _refuse_policy(aws: Aws, bucket: str, policy: str) -> None:
    refuse_malformed(OPERATION, policy, MALFORMED, required=("Principal", "Action", "Resource"))
    if size(policy) > MAX_POLICY_CHARACTERS:
        raise AwsError("PolicyTooLarge", f"The policy exceeds {MAX_POLICY_CHARACTERS} bytes", OPERATION)
    arn = f"arn:{aws.partition}:s3:::{bucket}"
    for statement in statements(policy):
        named = statement.get("Resource", [])
        for resource in named if isinstance(named, list) else [named]:
            if resource != arn and not resource.startswith(f"{arn}/"):
                raise AwsError(MALFORMED, f"Policy has invalid resource: {resource}", OPERATION)


def _is_public(policy: str) -> bool:
    return any(
        statement["Effect"] == "Allow" and _is_everyone(statement.get("Principal")) and not statement.get("Condition")
        for statement in statements(policy)
    )


def _is_everyone(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and principal.get("AWS") in ("*", ["*"]))


def _blocks_public_policy(aws: Aws, bucket: str) -> bool:
    missing = "NoSuchPublicAccessBlockConfiguration"
    answer = found(aws.client("s3").get_public_access_block, missing, Bucket=bucket)
    # Buckets are made with all four blocks on; the embedded AWS makes them without.
    return answer is None or bool(answer["PublicAccessBlockConfiguration"]["BlockPublicPolicy"])


HANDLERS = (BucketPolicy(),)
