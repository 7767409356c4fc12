"""Objects in buckets: texts, files, and archives, which are packed."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import pulumi

from opencode_local import archives
from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.members import request, unsupported, value, values
from opencode_local.provider.tags import mapping, pairs

OBJECT = (
    *values("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType", "metadata"),
    *values("storageClass", "serverSideEncryption"),
    value("websiteRedirect", "WebsiteRedirectLocation"),
    value("kmsKeyId", "SSEKMSKeyId"),
)
CONTENT = ("content", "contentBase64", "source")
OTHERS = ("bucket", "key", "etag", "sourceHash", "forceDestroy", *CONTENT)
DEFAULT_TYPE = "application/octet-stream"
GONE = ("404", "NoSuchKey", "NoSuchBucket")


class BucketObject(Handler):
    """Its id is the key."""

    token = "aws:s3/bucketObject:BucketObject"
    replace_on = frozenset({"bucket", "key"})
    filled_by_aws = frozenset({"contentType", "etag", "kmsKeyId", "serverSideEncryption", "storageClass"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(OBJECT, inputs, *OTHERS)
        if sum(inputs.get(name) is not None for name in CONTENT) > 1:
            faults.append(Fault("source", "only one of content, contentBase64 and source can be given"))
        if not inputs.get("key"):
            faults.append(Fault("key", "required"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        self._put(aws, inputs)
        return str(inputs["key"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        bucket = inputs.get("bucket")
        if bucket is None:
            return None
        there = found(aws.client("s3").head_object, *GONE, Bucket=bucket, Key=id_)
        if there is None:
            return None
        tags = aws.client("s3").get_object_tagging(Bucket=bucket, Key=id_)["TagSet"]
        return {
            "bucket": bucket,
            "key": id_,
            "contentType": there["ContentType"],
            "etag": there["ETag"].strip('"'),
            "arn": f"arn:{aws.partition}:s3:::{bucket}/{id_}",
            "tagsAll": mapping(tags),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self._put(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("s3").delete_object, *GONE, Bucket=properties["bucket"], Key=id_)

    def _put(self, aws: Aws, inputs: Properties) -> None:
        client = aws.client("s3")
        wanted = {"ContentType": DEFAULT_TYPE, **request(OBJECT, inputs)}
        client.put_object(Bucket=inputs["bucket"], Key=inputs["key"], Body=_content(inputs), **wanted)
        tagging = {"TagSet": pairs(inputs.get("tagsAll"))}
        client.put_object_tagging(Bucket=inputs["bucket"], Key=inputs["key"], Tagging=tagging)


class BucketObjectV2(BucketObject):
    token = "aws:s3/bucketObjectv2:BucketObjectv2"


def _content(inputs: Properties) -> bytes:
    """Raises AwsError."""
    try:
        if inputs.get("contentBase64") is not None:
            return base64.b64decode(inputs["contentBase64"], validate=True)
        if inputs.get("content") is not None:
            return str(inputs["content"]).encode()
        return _packed(inputs["source"]) if inputs.get("source") is not None else b""
    except (archives.UnreadableArchive, binascii.Error) as error:
        raise AwsError("InvalidRequest", f"The content could not be read: {error}", "PutObject") from error


def _packed(source: Any) -> bytes:
    is_file = isinstance(source, pulumi.Asset)
    return archives.content(source) if is_file or not archives.is_archive(source) else archives.zipped(source)


HANDLERS = (BucketObject(), BucketObjectV2())
