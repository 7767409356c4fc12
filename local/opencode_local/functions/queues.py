"""Messages of an SQS queue as events.

Sources: Lambda developer guide, "Using Lambda with Amazon SQS" and "Handling errors for an SQS event source in Lambda"
(read 2026-11-21). One batch is worked off at a time.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.functions.event_patterns import is_wanted
from opencode_local.functions.invocation import FunctionFailed, Invoke, Throttled
from opencode_local.functions.mappings import Call, Mapped, failed_items
from opencode_local.functions.timing import Timing

MOST_PER_CALL = 10
Message = Mapping[str, Any]


class Queue:
    """The poller of one mapping."""

    def __init__(self, known: Mapped, queue_url: str, *, call: Call, invoke: Invoke, timing: Timing) -> None:
        self._known, self._queue_url = known, queue_url
        self._call, self._invoke, self._timing = call, invoke, timing
        self._is_open = False
        self.problem = ""

    async def open(self) -> None:
        """Looks at the queue, for which the role needs its permission, as Lambda does."""
        await self._call("sqs", "get_queue_attributes", QueueUrl=self._queue_url, AttributeNames=["VisibilityTimeout"])
        self._is_open = True

    async def step(self) -> None:
        """Takes a batch, has it worked off, and deletes what succeeded; the rest becomes visible again by itself."""
        if not self._is_open:
            await self.open()
        batch = await self._batch()
        wanted = [message for message in batch if is_wanted(self._known.patterns, filtered(message))]
        done = [message for message in batch if message not in wanted]
        if wanted:
            failed = await self._failed(wanted)
            done += [message for message in wanted if failed is not None and message["MessageId"] not in failed]
        await self._delete(done)

    async def _batch(self) -> list[Message]:
        """Up to the batch's size; with a batching window, whatever has come within it."""
        deadline = self._timing.clock() + self._known.window_s
        batch = await self._received(self._known.batch_size)
        while batch and len(batch) < self._known.batch_size and self._timing.clock() < deadline:
            batch += await self._received(self._known.batch_size - len(batch))
        return batch

    async def _received(self, count: int) -> list[Message]:
        answer = await self._call(
            "sqs",
            "receive_message",
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(count, MOST_PER_CALL),
            WaitTimeSeconds=self._timing.queue_wait_s,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", ()))

    async def _failed(self, batch: Sequence[Message]) -> set[str] | None:
        """Ids of messages that are to come again; None: all of them."""
        event = {"Records": [record(self._known, message) for message in batch]}
        try:
            answer = await self._invoke(self._known.function_arn, event)
        except (FunctionFailed, Throttled):
            return None
        return failed_items(answer) if self._known.reports_failures else set()

    async def _delete(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), MOST_PER_CALL):
            entries = [
                {"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]}
                for message in messages[start : start + MOST_PER_CALL]
            ]
            await self._call("sqs", "delete_message_batch", QueueUrl=self._queue_url, Entries=entries)


def record(known: Mapped, message: Message) -> dict[str, Any]:
    """As the function gets it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {name: attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": known.source_arn,
        "awsRegion": known.region,
    }


def attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    """`{"stringValue": ..., "dataType": ...}`, binary values in base64."""
    return {name[:1].lower() + name[1:]: plain(part) for name, part in value.items()}


def plain(part: Any) -> Any:
    return base64.b64encode(part).decode() if isinstance(part, bytes) else part


def filtered(message: Message) -> dict[str, Any]:
    """What a filter sees: a body of JSON is looked into, any other is text."""
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = message["Body"]
    attributes = message.get("Attributes", {})
    return {"body": body, "attributes": attributes, "messageId": message["MessageId"]}
