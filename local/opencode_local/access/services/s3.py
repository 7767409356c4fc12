"""Amazon S3: buckets and objects.

Source: Amazon S3 user guide, "Required permissions for Amazon S3 API operations"; Service authorization reference,
"Actions, resources, and condition keys for Amazon S3" (read 2026-11-21).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from opencode_local.access.needs import Need, Rule, need, text
from opencode_local.access.operations import Asked

LISTING = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}
"""Condition keys of listings, by their parameters."""
WRITING = {
    "x-amz-acl": "s3:x-amz-acl",
    "x-amz-server-side-encryption": "s3:x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class": "s3:x-amz-storage-class",
    "x-amz-copy-source": "s3:x-amz-copy-source",
}
"""Condition keys of writes, by their headers."""


def bucket_arn(asked: Asked) -> str:
    return f"arn:{asked.partition}:s3:::{text(asked.params, 'Bucket')}"


def object_arn(asked: Asked) -> str:
    return f"{bucket_arn(asked)}/{text(asked.params, 'Key')}"


def _context(asked: Asked, keys: Mapping[str, str]) -> Mapping[str, Any]:
    found = {condition: asked.params[name] for name, condition in keys.items() if name in asked.params}
    return {**found, **({"s3:VersionId": asked.params["versionId"]} if "versionId" in asked.params else {})}


def on_bucket(action: str, asked: Asked) -> Sequence[Need]:
    return [need(asked, bucket_arn(asked), action=action, context=_context(asked, LISTING))]


def on_object(action: str, asked: Asked) -> Sequence[Need]:
    """Of one version it is another action: GetObject becomes GetObjectVersion."""
    has_version = "versionId" in asked.params and action in {"GetObject", "DeleteObject", "GetObjectTagging"}
    named = action.replace("Object", "ObjectVersion") if has_version else action
    return [need(asked, object_arn(asked), action=named, context=_context(asked, WRITING))]


def on_put(action: str, asked: Asked) -> Sequence[Need]:
    """With tags it needs a second right."""
    actions = (action, *(["PutObjectTagging"] if "x-amz-tagging" in asked.params else []))
    return [each for named in actions for each in on_object(named, asked)]


def on_copy(asked: Asked) -> Sequence[Need]:
    source = unquote(text(asked.params, "x-amz-copy-source")).lstrip("/").partition("?")[0]
    reading = need(asked, f"arn:{asked.partition}:s3:::{source}", action="GetObject")
    return [reading, *on_object("PutObject", asked)]


def on_deleted(asked: Asked) -> Sequence[Need]:
    """Each of the objects in the body by itself; one version of it needs a second right.

    Source: Amazon S3 API reference, DeleteObjects, "Permissions" (read 2026-11-21).
    """
    body = ElementTree.fromstring(asked.params["body"])  # noqa: S314  it comes from a task of this run
    needs = []
    for element in (found for found in body.iter() if found.tag.endswith("Object")):
        told = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
        actions = ("DeleteObject", *(["DeleteObjectVersion"] if told.get("VersionId") else []))
        needs += [need(asked, f"{bucket_arn(asked)}/{told['Key']}", action=action) for action in actions]
    return needs


def everywhere(action: str, asked: Asked) -> Sequence[Need]:
    return [need(asked, "*", action=action)]


def _rules(rule: Callable[[str, Asked], Sequence[Need]], actions: Mapping[str, str]) -> Mapping[str, Rule]:
    return {operation: partial(rule, action) for operation, action in actions.items()}


RULES: Mapping[str, Rule] = {
    **_rules(
        on_bucket,
        {
            "GetBucketLocation": "GetBucketLocation",
            "GetBucketVersioning": "GetBucketVersioning",
            "HeadBucket": "ListBucket",
            "ListMultipartUploads": "ListBucketMultipartUploads",
            "ListObjectVersions": "ListBucketVersions",
            "ListObjects": "ListBucket",
            "ListObjectsV2": "ListBucket",
        },
    ),
    **_rules(
        on_object,
        {
            "AbortMultipartUpload": "AbortMultipartUpload",
            "CompleteMultipartUpload": "PutObject",
            "DeleteObject": "DeleteObject",
            "GetObject": "GetObject",
            "GetObjectAttributes": "GetObjectAttributes",
            "GetObjectTagging": "GetObjectTagging",
            "HeadObject": "GetObject",
            "ListParts": "ListMultipartUploadParts",
            "PutObjectTagging": "PutObjectTagging",
            "UploadPart": "PutObject",
        },
    ),
    **_rules(on_put, {"CreateMultipartUpload": "PutObject", "PutObject": "PutObject"}),
    "CopyObject": on_copy,
    "DeleteObjects": on_deleted,
    "ListBuckets": partial(everywhere, "ListAllMyBuckets"),
    "UploadPartCopy": on_copy,
}
