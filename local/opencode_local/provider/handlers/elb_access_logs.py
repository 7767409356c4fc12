"""Where load balancers log requests and connections, and whether they can.

Source: Application Load Balancer user guide, "Enable access logs" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Properties
from opencode_local.provider.handlers.elb_attributes import text
from opencode_local.provider.handlers.policy_documents import Question, allows

LOGS = {"accessLogs": "access_logs.s3", "connectionLogs": "connection_logs.s3"}
LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"


def log_attributes(inputs: Mapping[str, Any]) -> list[dict[str, str]]:
    """All of them, so that a log that is no longer declared ends."""
    attributes = []
    for name, prefix in LOGS.items():
        log = inputs.get(name) or {}
        attributes += [
            {"Key": f"{prefix}.enabled", "Value": text(log.get("enabled", False))},
            {"Key": f"{prefix}.bucket", "Value": log.get("bucket", "")},
            {"Key": f"{prefix}.prefix", "Value": log.get("prefix", "")},
        ]
    return attributes


def logs(attributes: Sequence[Mapping[str, str]]) -> Properties:
    """The properties in AWS's answer, None for a log that there is not."""
    known = {attribute["Key"]: attribute.get("Value", "") for attribute in attributes}
    return {name: _log(known, prefix) for name, prefix in LOGS.items()}


def _log(known: Mapping[str, str], prefix: str) -> dict[str, Any] | None:
    bucket, folder = known.get(f"{prefix}.bucket"), known.get(f"{prefix}.prefix")
    if not bucket:
        return None
    log = {"bucket": bucket, "enabled": known.get(f"{prefix}.enabled") == "true"}
    return {**log, "prefix": folder} if folder else log


def refuse_logs(aws: Aws, inputs: Mapping[str, Any]) -> None:
    """Raises AwsError unless log delivery can write to each bucket, as AWS finds out by writing a test file."""
    for name in LOGS:
        log = inputs.get(name) or {}
        if log.get("enabled") and not _takes_logs(aws, log):
            message = f"Access Denied for bucket: {log['bucket']}. Please check S3bucket permission"
            raise AwsError("InvalidConfigurationRequest", message, "ModifyLoadBalancerAttributes")


def _takes_logs(aws: Aws, log: Mapping[str, Any]) -> bool:
    """Its policy admits log delivery, and it is not encrypted with a KMS key, which log delivery cannot use."""
    client, bucket = aws.client("s3"), log["bucket"]
    answer = found(client.get_bucket_policy, "NoSuchBucket", "NoSuchBucketPolicy", Bucket=bucket)
    if answer is None:
        return False
    encryption = found(client.get_bucket_encryption, "ServerSideEncryptionConfigurationNotFoundError", Bucket=bucket)
    rules = encryption["ServerSideEncryptionConfiguration"]["Rules"] if encryption else []
    algorithms = {rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules}
    prefix = f"{log['prefix'].strip('/')}/" if log.get("prefix") else ""
    question = Question(
        service=LOG_DELIVERY,
        action="s3:PutObject",
        resource=f"arn:{aws.partition}:s3:::{bucket}/{prefix}AWSLogs/{aws.account_id}/ELBAccessLogTestFile",
        context={
            "aws:SourceAccount": aws.account_id,
            "aws:SourceArn": aws.arn("elasticloadbalancing", "loadbalancer/app/new/0"),
            "aws:SecureTransport": "true",
            "s3:x-amz-acl": "bucket-owner-full-control",
        },
    )
    return algorithms <= {"AES256"} and allows(answer["Policy"], question)
