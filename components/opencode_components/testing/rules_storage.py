"""Security rules of buckets, tables, log groups, image repositories and keys."""

from collections.abc import Iterator
from itertools import chain

from opencode_components.testing import iam
from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.security_rule import Breach, Rule

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
TABLE = "aws:dynamodb/table:Table"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
REPOSITORY = "aws:ecr/repository:Repository"
KEY = "aws:kms/key:Key"
UNENCRYPTED = {"aws:SecureTransport": "false"}
SYMMETRIC = "SYMMETRIC_DEFAULT"


def buckets(graph: Graph) -> Iterator[Resource]:
    return chain.from_iterable(graph.all(kind) for kind in BUCKETS)


def settings(graph: Graph, bucket: Resource, kind: str) -> Iterator[Resource]:
    """Resources like `aws:s3/bucketVersioning` that are about this bucket; old and new names of the type."""
    for suffix in ("", "V2"):
        for setting in graph.all(f"aws:s3/bucket{kind}{suffix}:Bucket{kind}{suffix}"):
            if setting.inputs.get("bucket") in {bucket.id, bucket.outputs.get("bucket"), bucket.outputs.get("arn")}:
                yield setting


def public_access_blocked(graph: Graph) -> Iterator[Breach]:
    for bucket in buckets(graph):
        declared = [setting.inputs for setting in settings(graph, bucket, "PublicAccessBlock")]
        missing = [block for block in BLOCKS if not any(inputs.get(block) for inputs in declared)]
        if missing:
            yield bucket, f"does not set {', '.join(missing)}"


def only_over_tls(graph: Graph) -> Iterator[Breach]:
    """Proven on the bucket's policy: anybody, without TLS, is denied for the bucket and for its objects."""
    for bucket in buckets(graph):
        arn = bucket.outputs["arn"]
        for action, target in (("s3:ListBucket", arn), ("s3:GetObject", f"{arn}/a"), ("s3:PutObject", f"{arn}/a")):
            decision = iam.evaluate(graph, "*", action, target, UNENCRYPTED)
            if decision.statement is None or decision.statement.effect != "Deny":
                yield bucket, f"does not deny {action} without TLS"


def bucket_encrypted(graph: Graph) -> Iterator[Breach]:
    for bucket in buckets(graph):
        declared = [*settings(graph, bucket, "ServerSideEncryptionConfiguration")]
        if not declared and not bucket.inputs.get("serverSideEncryptionConfiguration"):
            yield bucket, "does not say how it is encrypted"


def old_versions_expire(graph: Graph) -> Iterator[Breach]:
    for bucket in buckets(graph):
        versionings = [s.inputs.get("versioningConfiguration", {}) for s in settings(graph, bucket, "Versioning")]
        lifecycles = [s.inputs.get("rules", ()) for s in settings(graph, bucket, "LifecycleConfiguration")]
        expiring = [
            rule
            for rule in chain.from_iterable(lifecycles)
            if rule.get("status") == "Enabled" and rule.get("noncurrentVersionExpiration")
        ]
        if any(versioning.get("status") == "Enabled" for versioning in versionings) and not expiring:
            yield bucket, "keeps old versions for ever"


def recoverable(graph: Graph) -> Iterator[Breach]:
    for table in graph.all(TABLE):
        if not table.inputs.get("pointInTimeRecovery", {}).get("enabled"):
            yield table, "has no point-in-time recovery"


def table_encrypted(graph: Graph) -> Iterator[Breach]:
    """DynamoDB encrypts every table; what counts is that nobody turns the chosen key off."""
    for table in graph.all(TABLE):
        encryption = table.inputs.get("serverSideEncryption")
        if encryption is not None and not encryption.get("enabled"):
            yield table, "turns its encryption key off"


def retained(graph: Graph) -> Iterator[Breach]:
    for group in graph.all(LOG_GROUP):
        if not group.inputs.get("retentionInDays"):
            yield group, "keeps its log for ever"


def immutable_tags(graph: Graph) -> Iterator[Breach]:
    for repository in graph.all(REPOSITORY):
        if not str(repository.inputs.get("imageTagMutability")).startswith("IMMUTABLE"):
            yield repository, "lets tags be moved to other images"


def scanned(graph: Graph) -> Iterator[Breach]:
    for repository in graph.all(REPOSITORY):
        if not repository.inputs.get("imageScanningConfiguration", {}).get("scanOnPush"):
            yield repository, "does not scan images"


def rotated(graph: Graph) -> Iterator[Breach]:
    """Only symmetric keys can be rotated."""
    for key in graph.all(KEY):
        spec = key.inputs.get("customerMasterKeySpec", SYMMETRIC)
        if spec == SYMMETRIC and not key.inputs.get("enableKeyRotation"):
            yield key, "is never rotated"


RULES = (
    Rule(
        "bucket-public-access",
        "one wrong policy or ACL is enough to publish the bucket",
        "declare aws.s3.BucketPublicAccessBlock with all four settings true",
        public_access_blocked,
    ),
    Rule(
        "bucket-tls",
        "objects could be read and written in plain text",
        "deny s3:* on the bucket and its objects when aws:SecureTransport is false",
        only_over_tls,
    ),
    Rule(
        "bucket-encryption",
        "encryption at rest is then whatever the account defaults to",
        "declare aws.s3.BucketServerSideEncryptionConfiguration",
        bucket_encrypted,
    ),
    Rule(
        "bucket-old-versions",
        "deleted data stays, and is paid for",
        "add a lifecycle rule with noncurrent_version_expiration",
        old_versions_expire,
    ),
    Rule(
        "table-recovery",
        "a bad write or delete could not be undone",
        "set point_in_time_recovery enabled; waive a table by its name where what is deleted has to stay deleted",
        recoverable,
    ),
    Rule(
        "table-encryption",
        "the table falls back to a key that nobody can audit",
        "set server_side_encryption enabled, or leave it out",
        table_encrypted,
    ),
    Rule(
        "log-retention",
        "logs hold personal data, and cost, for ever",
        "set retention_in_days",
        retained,
    ),
    Rule(
        "image-tags",
        "a tag that moves runs code that nobody deployed",
        "set image_tag_mutability to IMMUTABLE",
        immutable_tags,
    ),
    Rule(
        "image-scan",
        "known vulnerabilities stay unseen",
        "set image_scanning_configuration with scan_on_push",
        scanned,
    ),
    Rule(
        "key-rotation",
        "a key that leaks opens everything that was ever encrypted with it",
        "set enable_key_rotation",
        rotated,
    ),
)
