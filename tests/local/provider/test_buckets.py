"""S3 buckets and what is set on them."""

from typing import Any

import pytest

from tests.local.provider.declaring import Made, Program, Refused
from tests.local.provider.gateway_site import document
from tests.local.provider.round_trip import assert_as_declared, leaves_nothing, lives_and_changes

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
EXPIRE = {"id": "expire", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 30}}
OLD_VERSIONS = {"noncurrentVersionExpiration": {"noncurrentDays": 7}}
TAGGED = {**EXPIRE, "id": "tagged", "filter": {"tag": {"key": "kept-days", "value": "30"}}}
UPLOADS = {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 1}}


def policy_of(bucket: Made, **change: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{bucket['arn']}/*",
    }
    return document({**statement, **change})


@pytest.fixture
def bucket(program: Program) -> Made:
    return program.declare(BUCKET)


@pytest.fixture(scope="module")
def shared_bucket(shared_program: Program) -> Made:
    return shared_program.declare(BUCKET)


def test_a_bucket_changes_in_place_and_leaves_nothing(program: Program) -> None:
    bucket = program.declare(BUCKET, forceDestroy=True, tags={"Name": "logs"})

    bucket = lives_and_changes(program, bucket, dict.fromkeys(["forceDestroy", "tags"]), tags={"Name": "old logs"})

    assert bucket.id.startswith("thing-")
    assert bucket["arn"] == f"arn:aws:s3:::{bucket.id}"
    assert bucket["bucketRegionalDomainName"] == f"{bucket.id}.s3.us-east-1.amazonaws.com"
    assert program.plan(bucket, bucket=f"other-{program.aws.account_id}", tags={"Name": "old logs"}) == {"bucket": True}
    leaves_nothing(program, bucket)


def test_a_bucket_is_made_in_the_region_that_it_names(program: Program) -> None:
    bucket = program.declare(BUCKET, region="eu-west-1")

    assert bucket["bucketRegion"] == "eu-west-1"
    assert_as_declared(program, bucket)


@pytest.mark.parametrize("is_forced", [True, False])
def test_a_bucket_with_objects_is_removed_by_force_only(program: Program, is_forced: bool) -> None:
    bucket = program.declare(BUCKET, forceDestroy=is_forced)
    program.declare(VERSIONING, bucket=bucket.id, versioningConfiguration={"status": "Enabled"})
    s3 = program.client("s3")
    for body in (b"old", b"new"):
        s3.put_object(Bucket=bucket.id, Key="log", Body=body)
    s3.delete_object(Bucket=bucket.id, Key="log")

    if is_forced:
        leaves_nothing(program, bucket)
    else:
        with pytest.raises(Refused, match="BucketNotEmpty"):
            program.remove(bucket)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"bucket": "No_Bucket"}, "InvalidBucketName"),
        ({"bucket": "ab"}, "InvalidBucketName"),
        ({"acl": "private"}, "not supported by the local AWS"),
        ({"versioning": {"enabled": True}}, "not supported by the local AWS"),
    ],
)
def test_a_bucket_that_aws_would_refuse_is_refused(shared_program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(BUCKET, **bad)


def test_two_buckets_cannot_have_one_name(program: Program, bucket: Made) -> None:
    with pytest.raises(Refused, match="BucketAlreadyOwnedByYou"):
        program.declare(BUCKET, bucket=bucket.id)


CHANGES: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    (
        PUBLIC_ACCESS,
        {"blockPublicAcls": True, "blockPublicPolicy": True},
        {"blockPublicAcls": True, "blockPublicPolicy": False, "restrictPublicBuckets": True},
    ),
    (
        OWNERSHIP,
        {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
    ),
    (
        ENCRYPTION,
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}, "bucketKeyEnabled": True}]},
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
    ),
    (LIFECYCLE, {"rules": [EXPIRE]}, {"rules": [{**EXPIRE, **OLD_VERSIONS, **UPLOADS}, TAGGED]}),
)


@pytest.mark.parametrize(("token", "old", "new"), CHANGES)
def test_what_is_set_on_a_bucket_changes_in_place_and_leaves_nothing(
    program: Program, bucket: Made, token: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    made = program.declare(token, bucket=bucket.id, **old)

    changed = {name: None for name in {**old, **new} if old.get(name) != new.get(name)}
    made = lives_and_changes(program, made, changed, bucket=bucket.id, **new)

    assert program.plan(made, bucket="other", **new) == {"bucket": True}
    leaves_nothing(program, made)


def test_versions_are_suspended_when_they_are_no_longer_declared(program: Program, bucket: Made) -> None:
    versioning = program.declare(VERSIONING, bucket=bucket.id, versioningConfiguration={"status": "Disabled"})
    new = {"bucket": bucket.id, "versioningConfiguration": {"status": "Enabled"}}
    versioning = lives_and_changes(program, versioning, {"versioningConfiguration": None}, **new)

    program.remove(versioning)

    assert program.client("s3").get_bucket_versioning(Bucket=bucket.id)["Status"] == "Suspended"


def test_versions_that_are_suspended_by_hand_show(program: Program, bucket: Made) -> None:
    versioning = program.declare(VERSIONING, bucket=bucket.id, versioningConfiguration={"status": "Enabled"})
    program.client("s3").put_bucket_versioning(Bucket=bucket.id, VersioningConfiguration={"Status": "Suspended"})

    assert program.drift(versioning) == {"versioningConfiguration": {"status": "Suspended"}}


@pytest.mark.parametrize(
    ("token", "bad", "why"),
    [
        (VERSIONING, {"versioningConfiguration": {"status": "On"}}, "enum value set"),
        (VERSIONING, {"versioningConfiguration": {"status": "Enabled"}, "bucket": "no-such-bucket"}, "NoSuchBucket"),
        (OWNERSHIP, {"rule": {"objectOwnership": "Mine"}}, "enum value set"),
        (
            ENCRYPTION,
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256", "kmsMasterKeyId": "k"}}]},
            "not applicable",
        ),
        (
            ENCRYPTION,
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"}}]},
            "does not exist",
        ),
        (LIFECYCLE, {"rules": []}, "at least one rule"),
        (LIFECYCLE, {"rules": [{**EXPIRE, "expiration": None}]}, "At least one action"),
        (LIFECYCLE, {"rules": [{**EXPIRE, "filter": None}]}, "filter or a prefix"),
        (LIFECYCLE, {"rules": [EXPIRE, EXPIRE]}, "must be unique"),
        (LIFECYCLE, {"rules": [{**TAGGED, **UPLOADS}]}, "cannot be specified with Tags"),
        (LIFECYCLE, {"rules": [{**EXPIRE, "status": "On"}]}, "enum value set"),
        (LIFECYCLE, {"rules": [EXPIRE], "expectedBucketOwner": "1"}, "not supported by the local AWS"),
    ],
)
def test_a_setting_that_aws_would_refuse_is_refused(
    shared_program: Program, shared_bucket: Made, token: str, bad: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(token, **{"bucket": shared_bucket.id, **bad})


def test_a_bucket_policy_changes_in_place_and_leaves_nothing(program: Program, bucket: Made) -> None:
    made = program.declare(POLICY, bucket=bucket.id, policy=policy_of(bucket))
    new = policy_of(bucket, Resource=f"{bucket['arn']}/AWSLogs/*")

    made = lives_and_changes(program, made, {"policy": None}, bucket=bucket.id, policy=new)

    leaves_nothing(program, made)


def test_a_bucket_whose_policy_denies_plain_http_can_still_be_changed_and_removed(program: Program) -> None:
    bucket = program.declare(BUCKET, forceDestroy=True)
    only_tls = policy_of(
        bucket, Effect="Deny", Principal="*", Action="s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}}
    )
    program.client("s3").put_object(Bucket=bucket.id, Key="log", Body=b"log")
    policy = program.declare(POLICY, bucket=bucket.id, policy=only_tls)

    assert_as_declared(program, policy)
    program.declare(LIFECYCLE, bucket=bucket.id, rules=[EXPIRE])
    leaves_nothing(program, bucket)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Effect": "Permit"}, "MalformedPolicy"),
        ({"Resource": "arn:aws:s3:::another-bucket/*"}, "invalid resource"),
        ({"Principal": "*"}, "AccessDenied"),
    ],
)
def test_a_bucket_policy_that_aws_would_refuse_is_refused(
    shared_program: Program, shared_bucket: Made, change: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(POLICY, bucket=shared_bucket.id, policy=policy_of(shared_bucket, **change))


def test_a_public_policy_is_taken_where_it_is_not_blocked(program: Program, bucket: Made) -> None:
    program.declare(PUBLIC_ACCESS, bucket=bucket.id, blockPublicPolicy=False)

    made = program.declare(POLICY, bucket=bucket.id, policy=policy_of(bucket, Principal="*"))

    assert_as_declared(program, made)
