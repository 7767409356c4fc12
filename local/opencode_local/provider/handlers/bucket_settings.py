"""What is set on an S3 bucket by resources of their own: versions, access, ownership, encryption, expiry.

Rules: service model of S3, and S3 API reference of the Put... operations (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.kms_keys import described_key
from opencode_local.provider.members import Members, block, blocks, reported, request, unsupported, value, values

NO_BUCKET = "NoSuchBucket"
ACTIONS = ("Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload", "Transitions")


class BucketSetting(Handler):
    """A configuration of a bucket, put, got and deleted as a whole; its id is the bucket's name."""

    replace_on = frozenset({"bucket", "expectedBucketOwner"})
    table: ClassVar[Members]
    """Members of the configuration."""
    parameter: ClassVar[str]
    """The parameter that holds it, in request and answer."""
    calls: ClassVar[tuple[str, str, str]]
    """Methods of the client: put, get, delete."""
    missing: ClassVar[str]
    """Error code where there is no such configuration."""

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(self.table, inputs, "bucket")

    def refuse(self, aws: Aws, configuration: Mapping[str, Any]) -> None:
        """Raises AwsError for what S3, unlike the embedded one, would not take."""

    def create(self, aws: Aws, inputs: Properties) -> str:
        self.put(aws, inputs)
        return str(inputs["bucket"])

    def put(self, aws: Aws, inputs: Properties) -> None:
        configuration = request(self.table, inputs)
        self.refuse(aws, configuration)
        getattr(aws.client("s3"), self.calls[0])(Bucket=inputs["bucket"], **{self.parameter: configuration})

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        answer = found(getattr(aws.client("s3"), self.calls[1]), NO_BUCKET, self.missing, Bucket=id_)
        if answer is None:
            return None
        # Lifecycle rules come without the parameter around them.
        configuration = answer.get(self.parameter, answer)
        return {**reported(self.table, configuration, inputs), "bucket": id_}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self.put(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(getattr(aws.client("s3"), self.calls[2]), NO_BUCKET, self.missing, Bucket=id_)


class BucketVersioning(Handler):
    """There is always a state; without this resource a bucket that had versions makes no further ones."""

    token = "aws:s3/bucketVersioning:BucketVersioning"
    replace_on = frozenset({"bucket", "expectedBucketOwner"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported([block("versioningConfiguration", *values("status"))], inputs, "bucket")

    def create(self, aws: Aws, inputs: Properties) -> str:
        status = inputs["versioningConfiguration"]["status"]
        if status != "Disabled":  # a word of the provider's: the state of a bucket that never had versions
            _set_versioning(aws, inputs["bucket"], status)
        return str(inputs["bucket"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        answer = found(aws.client("s3").get_bucket_versioning, NO_BUCKET, Bucket=id_)
        if answer is None:
            return None
        return {"bucket": id_, "versioningConfiguration": {"status": answer.get("Status", "Disabled")}}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _set_versioning(aws, id_, new["versioningConfiguration"]["status"])

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        there = self.read(aws, id_, {})
        if there and there["versioningConfiguration"]["status"] == "Enabled":
            _set_versioning(aws, id_, "Suspended")


class BucketPublicAccessBlock(BucketSetting):
    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    table = values("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    parameter = "PublicAccessBlockConfiguration"
    calls = ("put_public_access_block", "get_public_access_block", "delete_public_access_block")
    missing = "NoSuchPublicAccessBlockConfiguration"

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if not properties.get("skipDestroy"):
            super().delete(aws, id_, properties)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return unsupported(self.table, inputs, "bucket", "skipDestroy")


class BucketOwnershipControls(BucketSetting):
    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    table = (block("rule", *values("objectOwnership")),)
    parameter = "OwnershipControls"
    calls = ("put_bucket_ownership_controls", "get_bucket_ownership_controls", "delete_bucket_ownership_controls")
    missing = "OwnershipControlsNotFoundError"

    def put(self, aws: Aws, inputs: Properties) -> None:
        rules = [request(values("objectOwnership"), inputs["rule"])]
        aws.client("s3").put_bucket_ownership_controls(Bucket=inputs["bucket"], OwnershipControls={"Rules": rules})

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        answer = found(aws.client("s3").get_bucket_ownership_controls, NO_BUCKET, self.missing, Bucket=id_)
        if answer is None:
            return None
        ownership = answer["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
        return {"bucket": id_, "rule": {"objectOwnership": ownership}}


class BucketEncryption(BucketSetting):
    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    table = (
        blocks(
            "rules",
            block(
                "applyServerSideEncryptionByDefault",
                value("sseAlgorithm", "SSEAlgorithm"),
                value("kmsMasterKeyId", "KMSMasterKeyID"),
            ),
            value("bucketKeyEnabled"),
        ),
    )
    parameter = "ServerSideEncryptionConfiguration"
    calls = ("put_bucket_encryption", "get_bucket_encryption", "delete_bucket_encryption")
    missing = "ServerSideEncryptionConfigurationNotFoundError"

    def refuse(self, aws: Aws, configuration: Mapping[str, Any]) -> None:
        for rule in configuration["Rules"]:
            default = rule.get("ApplyServerSideEncryptionByDefault") or {}
            key = default.get("KMSMasterKeyID")
            if key and not default["SSEAlgorithm"].startswith("aws:kms"):
                message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"
                raise AwsError("InvalidArgument", message, "PutBucketEncryption")
            if key and described_key(aws, key) is None:
                raise AwsError("KMS.NotFoundException", f"Key '{key}' does not exist", "PutBucketEncryption")


class BucketLifecycle(BucketSetting):
    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    table = (
        blocks(
            "rules",
            value("id", "ID"),
            *values("status", "prefix"),
            block(
                "filter",
                *values("prefix", "objectSizeGreaterThan", "objectSizeLessThan"),
                block("tag", *values("key", "value")),
            ),
            block("expiration", *values("days", "expiredObjectDeleteMarker")),
            block("noncurrentVersionExpiration", *values("noncurrentDays", "newerNoncurrentVersions")),
            block("abortIncompleteMultipartUpload", *values("daysAfterInitiation")),
            blocks("transitions", *values("days", "storageClass")),
        ),
    )
    parameter = "LifecycleConfiguration"
    calls = ("put_bucket_lifecycle_configuration", "get_bucket_lifecycle_configuration", "delete_bucket_lifecycle")
    missing = "NoSuchLifecycleConfiguration"

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(self.table, inputs, "bucket")
        return [*faults, *([] if inputs.get("rules") else [Fault("rules", "at least one rule is required")])]

    def refuse(self, aws: Aws, configuration: Mapping[str, Any]) -> None:
        operation = "PutBucketLifecycleConfiguration"
        rules = configuration["Rules"]
        ids = [rule["ID"] for rule in rules]
        if len(set(ids)) != len(ids):
            raise AwsError("InvalidArgument", "Rule ID must be unique.", operation)
        for rule in rules:
            if not any(action in rule for action in ACTIONS):
                raise AwsError("InvalidRequest", "At least one action needs to be specified in a rule.", operation)
            if "Tag" in rule.get("Filter", {}) and "AbortIncompleteMultipartUpload" in rule:
                message = "AbortIncompleteMultipartUpload cannot be specified with Tags."
                raise AwsError("InvalidRequest", message, operation)
            if ("Filter" in rule) == ("Prefix" in rule):
                raise AwsError("MalformedXML", f"Rule {rule['ID']} needs either a filter or a prefix", operation)


def _set_versioning(aws: Aws, bucket: str, status: str) -> None:
    aws.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


HANDLERS = (
    BucketVersioning(),
    BucketPublicAccessBlock(),
    BucketOwnershipControls(),
    BucketEncryption(),
    BucketLifecycle(),
)
