"""Event source mappings: what a poller of Lambda's needs to know of a queue or stream and of its function."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from opencode_components.testing.graph import Resource
from opencode_local.functions.event_patterns import patterns
from opencode_local.functions.settings import UnsupportedFunction

TOKEN = "aws:lambda/eventSourceMapping:EventSourceMapping"  # noqa: S105  a resource type
REPORTED = "ReportBatchItemFailures"
QUEUE_BATCH, STREAM_BATCH = 10, 100
"""Source: Lambda API reference, "CreateEventSourceMapping", BatchSize (read 2026-11-21)."""

Call = Callable[..., Awaitable[Any]]
"""Calls AWS as the function's role: `await call("sqs", "receive_message", QueueUrl=...)`."""


class Poller(Protocol):
    """Runs until it is stopped."""

    problem: str
    """Why it cannot poll; empty while it can."""

    async def open(self) -> None:
        """Finds its place. Raises botocore's errors when it may not."""
        ...

    async def step(self) -> None:
        """Waits for records and has them worked off. Raises botocore's errors when it may not read them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """One declared mapping."""

    name: str
    uuid: str
    function_arn: str
    source_arn: str
    batch_size: int
    window_s: float
    patterns: Sequence[Mapping[str, Any]] = field(default=())
    reports_failures: bool = False
    starting_position: str = ""
    retries: int = -1
    """-1: until the records expire."""
    max_age_s: float = -1
    bisects: bool = False

    @property
    def service(self) -> str:
        """`sqs` or `dynamodb`."""
        return self.source_arn.split(":")[2]

    @property
    def region(self) -> str:
        return self.source_arn.split(":")[3]


def mapped(resource: Resource) -> Mapped | None:
    """None for one that is not enabled. Raises UnsupportedFunction."""
    declared = {**resource.inputs, **{name: part for name, part in resource.outputs.items() if part is not None}}
    if not declared.get("enabled", True):
        return None
    source_arn = str(declared.get("eventSourceArn", ""))
    is_stream = source_arn.startswith("arn:") and source_arn.split(":")[2] == "dynamodb"
    if not is_stream and ":sqs:" not in source_arn:
        raise UnsupportedFunction(f"{resource}: events from {source_arn or 'brokers'} are not delivered locally")
    return Mapped(
        name=resource.name,
        uuid=str(declared["uuid"]),
        function_arn=str(declared["functionArn"]),
        source_arn=source_arn,
        batch_size=int(declared.get("batchSize") or (STREAM_BATCH if is_stream else QUEUE_BATCH)),
        window_s=float(declared.get("maximumBatchingWindowInSeconds") or 0),
        patterns=patterns(declared.get("filterCriteria")),
        reports_failures=REPORTED in (declared.get("functionResponseTypes") or ()),
        starting_position=str(declared.get("startingPosition") or ""),
        retries=int(declared.get("maximumRetryAttempts", -1)),
        max_age_s=float(declared.get("maximumRecordAgeInSeconds", -1)),
        bisects=bool(declared.get("bisectBatchOnFunctionError")),
    )


def failed_items(answer: Any) -> set[str] | None:
    """The identifiers that a function reports as failed; None when its answer makes the whole batch fail.

    Source: Lambda developer guide, "Handling errors for an SQS event source in Lambda", success and failure conditions
    (read 2026-11-21).
    """
    if answer is None or answer == {}:
        return set()
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else MISSING
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return None
    identifiers = {failure.get("itemIdentifier") if isinstance(failure, Mapping) else None for failure in failures}
    return {str(identifier) for identifier in identifiers} if all(identifiers) else None


MISSING = object()
