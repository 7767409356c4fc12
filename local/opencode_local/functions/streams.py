"""Changes of a DynamoDB table as events, in their order.

Sources: Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB", "Configuring partial batch response with
DynamoDB and Lambda", "Retain discarded records" (read 2026-11-21). The embedded AWS has one shard per stream.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from opencode_local.functions.event_patterns import is_wanted
from opencode_local.functions.invocation import FunctionFailed, Invoke, Throttled
from opencode_local.functions.mappings import Call, Mapped, failed_items
from opencode_local.functions.timing import Timing

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 60.0
Record = dict[str, Any]


class Stream:
    """The poller of one mapping."""

    def __init__(self, known: Mapped, *, call: Call, invoke: Invoke, timing: Timing) -> None:
        self._known, self._call, self._invoke, self._timing = known, call, invoke, timing
        self._iterator = ""
        self.problem = ""

    async def step(self) -> None:
        """Takes the next batch, if there is one, and has it worked off until it succeeds or is given up."""
        batch = await self._batch()
        if not batch:
            await self._timing.sleep(self._timing.stream_poll_s)
            return
        wanted = [one for one in batch if is_wanted(self._known.patterns, one)]
        if wanted:
            await self._work_off(wanted)

    async def open(self) -> None:
        """Finds its place in the stream: nothing that is written from now on is missed."""
        stream = await self._call("dynamodbstreams", "describe_stream", StreamArn=self._known.source_arn)
        answer = await self._call(
            "dynamodbstreams",
            "get_shard_iterator",
            StreamArn=self._known.source_arn,
            ShardId=stream["StreamDescription"]["Shards"][0]["ShardId"],
            ShardIteratorType=self._known.starting_position,
        )
        self._iterator = answer["ShardIterator"]

    async def _batch(self) -> list[Record]:
        deadline = self._timing.clock() + self._known.window_s
        batch = await self._received(self._known.batch_size)
        while batch and len(batch) < self._known.batch_size and self._timing.clock() < deadline:
            await self._timing.sleep(self._timing.stream_poll_s)
            batch += await self._received(self._known.batch_size - len(batch))
        return batch

    async def _received(self, count: int) -> list[Record]:
        if not self._iterator:
            await self.open()
        answer = await self._call("dynamodbstreams", "get_records", ShardIterator=self._iterator, Limit=count)
        self._iterator = answer["NextShardIterator"]
        return [record(self._known, found) for found in answer["Records"]]

    async def _work_off(self, batch: Sequence[Record]) -> None:
        """One part after the other; a failed batch is halved if that is declared, which is not counted as a retry."""
        pending = [(list(batch), 0)]
        while pending:
            part, attempts = pending.pop(0)
            left = await self._left(part)
            if not left or self._is_given_up(left, attempts):
                continue
            await self._timing.sleep(min(FIRST_RETRY_S * 2**attempts, LONGEST_RETRY_S))
            halves = self._halves(left, is_partial=len(left) < len(part))
            pending[:0] = [(half, attempts + (len(halves) == 1)) for half in halves]

    async def _left(self, part: Sequence[Record]) -> Sequence[Record]:
        """The records that are to be tried again: from the first that failed."""
        try:
            answer = await self._invoke(self._known.function_arn, {"Records": part})
        except (FunctionFailed, Throttled):
            return part
        if not self._known.reports_failures:
            return ()
        failed = failed_items(answer)
        if failed is None:
            return part
        numbers = [number for number, one in enumerate(part) if one["dynamodb"]["SequenceNumber"] in failed]
        return part[min(numbers) :] if numbers else (part if failed else ())

    def _halves(self, left: Sequence[Record], *, is_partial: bool) -> list[list[Record]]:
        if not self._known.bisects or is_partial or len(left) == 1:
            return [list(left)]
        middle = len(left) // 2
        return [list(left[:middle]), list(left[middle:])]

    def _is_given_up(self, left: Sequence[Record], attempts: int) -> bool:
        oldest_s = min(one["dynamodb"]["ApproximateCreationDateTime"] for one in left)
        is_too_old = 0 <= self._known.max_age_s < self._timing.clock() - oldest_s
        return is_too_old or 0 <= self._known.retries <= attempts


def record(known: Mapped, found: Mapping[str, Any]) -> Record:
    """As the function gets it."""
    return {**plain(found), "eventSourceARN": known.source_arn}


def plain(part: Any) -> Any:
    """Times as seconds since 1970, binary values in base64."""
    if isinstance(part, Mapping):
        return {name: plain(one) for name, one in part.items()}
    if isinstance(part, list | tuple | set):
        return [plain(one) for one in part]
    if isinstance(part, datetime):
        return part.timestamp()
    return base64.b64encode(part).decode() if isinstance(part, bytes) else part
