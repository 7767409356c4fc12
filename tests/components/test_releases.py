"""The bucket of releases and the key that signs them, as they would be deployed."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from opencode_components.releases import Releases, ReleasesArgs, raw_key
from opencode_components.testing.graph import Graph
from opencode_components.testing.iam import evaluate
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure

ACCOUNT = "123456789012"
KEY = "aws:kms/key:Key"
BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OWN_KEYS = [base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2)]
UNENCRYPTED = {"aws:SecureTransport": "false"}


def releases(**changes: Any) -> Callable[[], None]:
    def program() -> None:
        args = {"region": "us-east-1", "account_id": ACCOUNT, **changes}
        # Whatever a test changes is an arg of the component: it is the component that checks.
        kept = Releases("dev-releases", ReleasesArgs(**args))  # type: ignore[typeddict-item]
        for output in Releases.__annotations__:
            pulumi.export(output, getattr(kept, output))

    return program


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(releases())


def of_bucket(graph: Graph, kind: str) -> dict[str, Any]:
    return dict(graph.one(f"aws:s3/bucket{kind}:Bucket{kind}").inputs)


def test_releases_break_no_security_rule_protected_or_not_signed_here_or_elsewhere(
    deploy: Deploy, graph: Graph
) -> None:
    assert_secure(graph)
    assert_secure(deploy(releases(deletion_protection=False, release_keys=OWN_KEYS)))


def test_the_bucket_is_closed_to_the_public_versioned_encrypted_and_owned_by_the_account(graph: Graph) -> None:
    blocks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    encryption = of_bucket(graph, "ServerSideEncryptionConfiguration")["rules"]

    assert [of_bucket(graph, "PublicAccessBlock")[block] for block in blocks] == [True] * 4
    assert of_bucket(graph, "Versioning")["versioningConfiguration"] == {"status": "Enabled"}
    assert encryption == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
    assert of_bucket(graph, "OwnershipControls")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_nobody_reads_or_writes_the_bucket_in_plain_text_and_its_policy_lets_nobody_in(graph: Graph) -> None:
    (statement,) = json.loads(of_bucket(graph, "Policy")["policy"])["Statement"]
    manifest = f"{graph.outputs['bucket_arn']}/releases/manifest.json"

    assert statement["Effect"] == "Deny"
    assert not evaluate(graph, f"arn:aws:iam::{ACCOUNT}:role/admin", "s3:GetObject", manifest, UNENCRYPTED).allowed
    assert not evaluate(graph, "*", "s3:GetObject", manifest).allowed


def test_links_are_gone_after_a_day_and_nothing_that_was_published_goes_by_itself(graph: Graph) -> None:
    rules = {rule["id"]: rule for rule in graph.one(LIFECYCLE).inputs["rules"]}

    assert rules["links"]["filter"] == {"prefix": "links/"}
    assert rules["links"]["expiration"] == {"days": 1}
    assert rules["links"]["noncurrentVersionExpiration"] == {"noncurrentDays": 1}
    assert rules["releases"]["expiration"] == {"expiredObjectDeleteMarker": True}, "marks of deletions alone"
    assert all(rule["status"] == "Enabled" for rule in rules.values())


def test_what_was_replaced_and_uploads_that_broke_off_do_not_stay(deploy: Deploy, graph: Graph) -> None:
    (kept,) = (rule for rule in graph.one(LIFECYCLE).inputs["rules"] if rule["id"] == "releases")
    longer = deploy(releases(retention_days=30.0, release_keys=OWN_KEYS)).one(LIFECYCLE).inputs["rules"]

    assert kept["filter"] == {"prefix": ""}
    assert kept["noncurrentVersionExpiration"] == {"noncurrentDays": 7}
    assert kept["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}
    assert longer[0]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}


def test_a_key_in_kms_signs_with_ed25519_and_only_for_whom_the_account_lets(graph: Graph) -> None:
    key = graph.one(KEY)
    arn = key.outputs["arn"]

    assert (key.inputs["customerMasterKeySpec"], key.inputs["keyUsage"]) == ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
    assert graph.outputs["signing_key_arn"] == arn
    (statement,) = json.loads(key.inputs["policy"])["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "no service, no other account"
    assert not evaluate(graph, "*", "kms:Sign", arn).allowed
    assert not evaluate(graph, "arn:aws:iam::999999999999:role/other", "kms:Sign", arn).allowed


def test_the_public_half_comes_out_as_the_base64_of_its_thirty_two_bytes(graph: Graph) -> None:
    public = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32).public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert raw_key(base64.b64encode(der).decode()) == base64.b64encode(raw).decode()
    (key,) = graph.outputs["release_keys"]
    assert len(base64.b64decode(key, validate=True)) == 32


def test_keys_from_outside_are_taken_as_they_are_and_none_is_made(deploy: Deploy) -> None:
    graph = deploy(releases(release_keys=OWN_KEYS))

    assert graph.outputs["release_keys"] == OWN_KEYS
    assert "signing_key_arn" not in graph.outputs
    assert not graph.all(KEY)


def test_bucket_and_key_survive_a_destroy_unless_said_otherwise(deploy: Deploy, graph: Graph) -> None:
    loose = deploy(releases(deletion_protection=False))

    assert [graph.one(kind).protect for kind in (BUCKET, KEY)] == [True, True]
    assert (graph.one(BUCKET).inputs["forceDestroy"], graph.one(KEY).inputs["deletionWindowInDays"]) == (False, 30)
    assert [loose.one(kind).protect for kind in (BUCKET, KEY)] == [False, False]
    assert (loose.one(BUCKET).inputs["forceDestroy"], loose.one(KEY).inputs["deletionWindowInDays"]) == (True, 7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"release_keys": []}, r"release_keys: \[\] is empty or names a key twice; give each key once"),
        ({"release_keys": [OWN_KEYS[0]] * 2}, "names a key twice"),
        ({"release_keys": ["c2hvcnQ="]}, "release_keys: 'c2hvcnQ=' is no Ed25519 public key; give the standard base64"),
        ({"release_keys": ["-" * 44]}, "is no Ed25519 public key"),
        ({"retention_days": 0}, "retention_days: 0 is no time at all"),
    ],
)
def test_what_cannot_be_is_refused_by_key_and_value(deploy: Deploy, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deploy(releases(**changes))
