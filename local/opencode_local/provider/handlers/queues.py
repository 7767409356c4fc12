"""Queues and who may use them.

Rules: service model of SQS; terraform-provider-aws, internal/service/sqs/queue.go (read 2026-11-21).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_local.provider.attribute_text import as_text, typed
from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.members import reported, unsupported, value, values
from opencode_local.provider.tags import changes

QUEUE = (
    *values("contentBasedDeduplication", "deduplicationScope", "delaySeconds", "fifoQueue", "fifoThroughputLimit"),
    *values("kmsMasterKeyId", "policy", "redriveAllowPolicy", "redrivePolicy", "sqsManagedSseEnabled"),
    value("kmsDataKeyReusePeriodSeconds"),
    value("maxMessageSize", "MaximumMessageSize"),
    value("messageRetentionSeconds", "MessageRetentionPeriod"),
    value("receiveWaitTimeSeconds", "ReceiveMessageWaitTimeSeconds"),
    value("visibilityTimeoutSeconds", "VisibilityTimeout"),
)
NUMBERS: Mapping[str, range] = {
    "delaySeconds": range(901),
    "kmsDataKeyReusePeriodSeconds": range(60, 86_401),
    "maxMessageSize": range(1024, 1_048_577),
    "messageRetentionSeconds": range(60, 1_209_601),
    "receiveWaitTimeSeconds": range(21),
    "visibilityTimeoutSeconds": range(43_201),
}
DEFAULTS = {
    "delaySeconds": "0",
    "kmsDataKeyReusePeriodSeconds": "300",
    "maxMessageSize": "262144",
    "messageRetentionSeconds": "345600",
    "receiveWaitTimeSeconds": "0",
    "visibilityTimeoutSeconds": "30",
}
"""As the provider declares them where a program does not."""
BOOLEANS = frozenset({"contentBasedDeduplication", "fifoQueue", "sqsManagedSseEnabled"})
ONLY_FIFO = ("contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit")
GONE = "AWS.SimpleQueueService.NonExistentQueue"


class Queue(Handler):
    token = "aws:sqs/queue:Queue"
    replace_on = frozenset({"name", "namePrefix", "fifoQueue"})
    filled_by_aws = frozenset(
        {"deduplicationScope", "fifoThroughputLimit", "policy", "redriveAllowPolicy", "redrivePolicy"}
        | {"sqsManagedSseEnabled", *DEFAULTS}
    )
    auto_name = AutoName("name", 80)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return [*unsupported(QUEUE, inputs, "name", "namePrefix"), *_faults(inputs)]

    def create(self, aws: Aws, inputs: Properties) -> str:
        attributes = _attributes({**DEFAULTS, **inputs})
        aws.client("sqs").create_queue(
            QueueName=inputs["name"], Attributes=attributes, tags=inputs.get("tagsAll") or {}
        )
        return queue_url(aws, inputs["name"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("sqs")
        answer = found(client.get_queue_attributes, GONE, QueueUrl=id_, AttributeNames=["All"])
        if answer is None:
            return None
        there = answer["Attributes"]
        return {
            **typed(reported(QUEUE, there, inputs), booleans=BOOLEANS, numbers=NUMBERS),
            "name": id_.rpartition("/")[2],
            "arn": there["QueueArn"],
            "url": id_,
            "tagsAll": client.list_queue_tags(QueueUrl=id_).get("Tags", {}),
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("sqs")
        before, after = _attributes({**DEFAULTS, **old}), _attributes({**DEFAULTS, **new})
        changed = {name: after.get(name, "") for name in {*before, *after} if before.get(name) != after.get(name)}
        if changed:
            client.set_queue_attributes(QueueUrl=id_, Attributes=changed)
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_queue(QueueUrl=id_, Tags=added)
        if removed:
            client.untag_queue(QueueUrl=id_, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("sqs").delete_queue, GONE, QueueUrl=id_)


class QueuePolicy(Handler):
    """The queue's only policy; none without this resource."""

    token = "aws:sqs/queuePolicy:QueuePolicy"
    replace_on = frozenset({"queueUrl"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        _set_policy(aws, inputs["queueUrl"], inputs["policy"])
        return str(inputs["queueUrl"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        answer = found(aws.client("sqs").get_queue_attributes, GONE, QueueUrl=id_, AttributeNames=["Policy"])
        policy = (answer or {}).get("Attributes", {}).get("Policy")
        return {"queueUrl": id_, "policy": policy} if policy else None

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        _set_policy(aws, id_, new["policy"])

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        found(aws.client("sqs").set_queue_attributes, GONE, QueueUrl=id_, Attributes={"Policy": ""})


def queue_url(aws: Aws, name: str) -> str:
    return f"https://sqs.{aws.region}.amazonaws.com/{aws.account_id}/{name}"


def _set_policy(aws: Aws, url: str, policy: str) -> None:
    if not policy.lstrip().startswith("{"):
        raise AwsError("InvalidAttributeValue", "Invalid value for the parameter Policy.", "SetQueueAttributes")
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _faults(inputs: Properties) -> Iterator[Fault]:
    for name, allowed in NUMBERS.items():
        if inputs.get(name) is not None and inputs[name] not in allowed:
            yield Fault(name, f"expected {name} to be in the range ({allowed[0]} - {allowed[-1]}), got {inputs[name]}")
    is_fifo = bool(inputs.get("fifoQueue"))
    if is_fifo != inputs["name"].endswith(".fifo"):
        yield Fault("name", "a FIFO queue's name ends with .fifo, and no other's does")
    for name in ONLY_FIFO:
        if inputs.get(name) and not is_fifo:
            yield Fault(name, f"{name} can only be set for FIFO queues")


def _attributes(inputs: Mapping[str, Any]) -> dict[str, str]:
    """SQS takes every attribute as text, and knows a standard queue by the absence of its kind."""
    return {
        entry.member: as_text(inputs[entry.property])
        for entry in QUEUE
        if inputs.get(entry.property) is not None and (entry.property, inputs[entry.property]) != ("fifoQueue", False)
    }


HANDLERS = (Queue(), QueuePolicy())
