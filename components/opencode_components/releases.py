"""Where releases of the client are kept, and the key that signs them."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from opencode_components.partitions import arn
from opencode_components.private_bucket import NONCURRENT_DAYS, bucket_policy, expiry_rule, lifecycle, private_bucket
from opencode_components.refusals import refusal

RELEASES, LINKS = "releases/", "links/"
"""Keys of what is published, and of the short links that one person each may download it by."""
LINK_DAYS = 1
"""The least that S3 offers; whoever serves a link refuses it after minutes."""
KEY_BYTES = 32
"""Of an Ed25519 public key: the end of its DER form, whose beginning only says what it is. RFC 8410, section 4."""
KEY_SPEC = "ECC_NIST_EDWARDS25519"
"""Source: AWS KMS developer guide, "Key spec reference" (read 2026-11-21)."""
KEY_DELETION_DAYS = 30
"""The longest that AWS grants: without the key, no client takes another release."""
SHORTEST_KEY_DELETION_DAYS = 7


class ReleasesArgs(TypedDict):
    """What Releases are made from."""

    region: str
    """AWS region of bucket and key. Plain."""
    account_id: Input[str]
    """AWS account, which administers the key through IAM."""
    release_keys: NotRequired[list[str]]
    """Ed25519 public keys that releases are signed with, each the base64 of its 32 bytes. Plain, because without any
    the component makes a key of its own in KMS."""
    retention_days: NotRequired[int]
    """Days that a file that was replaced or deleted can be brought back. Plain. Default 7."""
    deletion_protection: NotRequired[bool]
    """Whether the bucket, what is in it and the key survive a destroy. Plain. Default true."""


class Releases(pulumi.ComponentResource):
    """A private bucket for signed releases, and the public keys that they are verified with.

    The manifest at `releases/manifest.json` is signed; whoever can write to the bucket but not sign can withhold a
    release and not make one. A KMS key signs, unless `release_keys` say that a key outside of AWS does.
    Raises ValueError on release keys that are none, and on a retention of less than a day.
    """

    bucket_name: Output[str]
    """Name of the bucket, known once it can be written to."""
    bucket_arn: Output[str]
    """ARN of the bucket."""
    release_keys: Output[Sequence[str]]
    """The public keys, each the base64 of its 32 bytes."""
    signing_key_arn: Output[str | None]
    """ARN of the KMS key that signs; none when the keys were given."""

    def __init__(self, name: str, args: ReleasesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:Releases", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        region, is_protected = args["region"], args.get("deletion_protection", True)
        given = checked_keys(args["release_keys"]) if "release_keys" in args else None
        kept_days = checked_retention(args.get("retention_days", NONCURRENT_DAYS))

        bucket = private_bucket(name, region, is_protected=is_protected, of_self=of_self)
        rules = [
            expiry_rule("releases", noncurrent_days=kept_days),
            expiry_rule("links", prefix=LINKS, days=LINK_DAYS, noncurrent_days=LINK_DAYS),
        ]
        lifecycle(name, region, bucket, rules, of_self)
        policy = aws.s3.BucketPolicy(
            name, region=region, bucket=bucket.closed_name, policy=bucket.arn.apply(bucket_policy), opts=of_self
        )
        key = signing_key(name, args, of_self) if given is None else None

        self.bucket_name = policy.bucket
        self.bucket_arn = bucket.arn
        self.release_keys = Output.from_input(given or []) if key is None else public_keys(key, region)
        self.signing_key_arn = Output.from_input(None) if key is None else key.arn
        self.register_outputs({output: getattr(self, output) for output in Releases.__annotations__})


def checked_keys(keys: Sequence[str]) -> list[str]:
    """The keys. Raises ValueError for none, one twice, and what is no public key."""
    if not keys or len(set(keys)) != len(keys):
        fix = "give each key once, or leave release_keys away for one in KMS"
        raise refusal("release_keys", list(keys), reason="is empty or names a key twice", fix=fix)
    for key in keys:
        try:
            decoded = base64.b64decode(key, validate=True)
        except binascii.Error:
            decoded = b""
        if len(decoded) != KEY_BYTES:
            fix = f"give the standard base64 of its {KEY_BYTES} bytes"
            raise refusal("release_keys", key, reason="is no Ed25519 public key", fix=fix)
    return list(keys)


def checked_retention(days: float) -> int:
    if days < 1:
        raise refusal("retention_days", days, reason="is no time at all", fix="keep replaced files for a day at least")
    return int(days)


def signing_key(name: str, args: ReleasesArgs, of_self: ResourceOptions) -> aws.kms.Key:
    """It signs for whom IAM lets it, and its private half never leaves KMS. AWS rotates no such key by itself."""
    is_protected = args.get("deletion_protection", True)
    return aws.kms.Key(
        name,
        region=args["region"],
        description="Signs releases of the gateway's client",
        key_usage="SIGN_VERIFY",
        customer_master_key_spec=KEY_SPEC,
        deletion_window_in_days=KEY_DELETION_DAYS if is_protected else SHORTEST_KEY_DELETION_DAYS,
        policy=Output.json_dumps(key_policy(args["region"], args["account_id"])),
        opts=ResourceOptions.merge(of_self, ResourceOptions(protect=is_protected)),
    )


def key_policy(region: str, account_id: Input[str]) -> Mapping[str, Any]:
    """The account alone, through IAM; no service and no other account.

    Source: AWS KMS developer guide, "Default key policy" (read 2026-11-21).
    """
    statement = {
        "Sid": "AdministeredThroughIam",
        "Effect": "Allow",
        "Principal": {"AWS": arn(region, "iam::", account_id, ":root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def public_keys(key: aws.kms.Key, region: str) -> Output[Sequence[str]]:
    """The public half, as KMS tells it when the key exists."""
    found = aws.kms.get_public_key_output(key_id=key.key_id, region=region)
    return found.apply(lambda known: [raw_key(known.public_key)])


def raw_key(der: str) -> str:
    """The base64 of the key's bytes, out of the base64 of its DER form."""
    return base64.b64encode(base64.b64decode(der)[-KEY_BYTES:]).decode()
