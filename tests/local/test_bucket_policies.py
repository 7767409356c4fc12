"""What a bucket's policy does at the embedded S3."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opencode_local.aws import EmbeddedAws
from opencode_local.provider.aws import Account

WITHOUT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def a_bucket(aws: EmbeddedAws, name: str, **more: Mapping[str, Any]) -> Any:
    """A client of an account whose bucket denies everybody everything, under the condition that is given."""
    s3 = Account(aws.url, "241000000000").client("s3", "us-east-1")
    s3.create_bucket(Bucket=name)
    resource = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resource, **more}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    return s3


def test_what_is_denied_without_tls_alone_can_be_written_and_read(aws: EmbeddedAws) -> None:
    s3 = a_bucket(aws, "only-with-tls", Condition=WITHOUT_TLS)

    s3.put_object(Bucket="only-with-tls", Key="releases/manifest.json", Body=b"{}")

    assert s3.get_object(Bucket="only-with-tls", Key="releases/manifest.json")["Body"].read() == b"{}"


def test_what_is_denied_whatever_the_circumstances_is_denied_here_too(aws: EmbeddedAws) -> None:
    s3 = a_bucket(aws, "closed")

    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="closed", Key="x", Body=b"")
