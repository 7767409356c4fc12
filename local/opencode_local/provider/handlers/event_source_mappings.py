"""Which queue or stream a function reads.

Rules: service model of Lambda, "CreateEventSourceMapping"; terraform-provider-aws, internal/service/lambda/
event_source_mapping.go (read 2026-11-21). The embedded AWS is not told: it would run the function itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.handlers.lambda_functions import require_function
from opencode_local.provider.handlers.queues import GONE as QUEUE_GONE
from opencode_local.provider.handlers.queues import queue_url
from opencode_local.provider.members import block, blocks, reported, request, unsupported, value, values

MAPPING = (
    *values("batchSize", "bisectBatchOnFunctionError", "enabled", "eventSourceArn", "functionResponseTypes"),
    *values("maximumBatchingWindowInSeconds", "maximumRecordAgeInSeconds", "maximumRetryAttempts", "startingPosition"),
    block("filterCriteria", blocks("filters", value("pattern"))),
)
KIND = "event source mapping"
QUEUE_BATCH, STREAM_BATCH = 10, 100
ONLY_STREAMS = (
    *("bisectBatchOnFunctionError", "maximumRecordAgeInSeconds", "maximumRetryAttempts", "startingPosition"),
)
SMALL_BATCH = 10
REFUSED = "InvalidParameterValueException"


class EventSourceMapping(Handler):
    token = "aws:lambda/eventSourceMapping:EventSourceMapping"
    replace_on = frozenset({"eventSourceArn", "startingPosition"})
    filled_by_aws = frozenset({"batchSize", "maximumRecordAgeInSeconds", "maximumRetryAttempts"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return [*unsupported(MAPPING, inputs, "functionName"), *_faults(inputs)]

    def create(self, aws: Aws, inputs: Properties) -> str:
        wanted = request(MAPPING, inputs)
        aws.validate("lambda", "CreateEventSourceMapping", FunctionName=inputs["functionName"], **wanted)
        function_arn = require_function(aws, "CreateEventSourceMapping", inputs["functionName"])
        _require_source(aws, function_arn, inputs["eventSourceArn"])
        _refuse_second(aws, function_arn, inputs["eventSourceArn"])
        uuid = str(uuid4())
        aws.store.put(KIND, uuid, {"FunctionArn": function_arn, "Request": wanted, "Tags": inputs.get("tagsAll") or {}})
        return uuid

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        there = aws.store.get(KIND, id_)
        if there is None:
            return None
        made = there["Request"]
        is_stream = ":dynamodb:" in made["EventSourceArn"]
        defaults = {"BatchSize": STREAM_BATCH if is_stream else QUEUE_BATCH, "Enabled": True}
        return {
            **reported(MAPPING, {**defaults, **made}, inputs),
            "functionName": inputs.get("functionName") or there["FunctionArn"],
            "functionArn": there["FunctionArn"],
            "uuid": id_,
            "arn": aws.arn("lambda", f"event-source-mapping:{id_}"),
            "state": "Enabled" if made.get("Enabled", True) else "Disabled",
            "tagsAll": there["Tags"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        wanted = request(MAPPING, new)
        changed = {name: part for name, part in wanted.items() if name not in {"EventSourceArn", "StartingPosition"}}
        aws.validate("lambda", "UpdateEventSourceMapping", UUID=id_, FunctionName=new["functionName"], **changed)
        function_arn = require_function(aws, "UpdateEventSourceMapping", new["functionName"])
        _require_source(aws, function_arn, new["eventSourceArn"])
        aws.store.put(KIND, id_, {"FunctionArn": function_arn, "Request": wanted, "Tags": new.get("tagsAll") or {}})

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        aws.store.delete(KIND, id_)


def _faults(inputs: Properties) -> Iterator[Fault]:
    source = str(inputs.get("eventSourceArn") or "")
    is_stream = ":dynamodb:" in source
    if not is_stream and ":sqs:" not in source:
        yield Fault("eventSourceArn", "only queues of SQS and streams of DynamoDB are supported by the local AWS")
        return
    if is_stream and inputs.get("startingPosition") not in {"TRIM_HORIZON", "LATEST"}:
        yield Fault("startingPosition", "must be TRIM_HORIZON or LATEST for a stream of DynamoDB")
    wrong = [name for name in ONLY_STREAMS if inputs.get(name) not in {None, False}]
    for name in [] if is_stream else wrong:
        yield Fault(name, "Unsupported for SQS event sources")
    if not is_stream and _is_large(inputs) and not inputs.get("maximumBatchingWindowInSeconds"):
        yield Fault("batchSize", f"more than {SMALL_BATCH} needs maximumBatchingWindowInSeconds of at least 1")


def _is_large(inputs: Properties) -> bool:
    return int(inputs.get("batchSize") or QUEUE_BATCH) > SMALL_BATCH


def _require_source(aws: Aws, function_arn: str, source_arn: str) -> None:
    """Raises AwsError when there is no such source, or its messages would come back while the function still runs."""
    if ":sqs:" in source_arn:
        _require_queue(aws, function_arn, source_arn)
        return
    table = source_arn.split("/")[1]
    client = aws.client("dynamodb")
    answer: Mapping[str, Any] = found(client.describe_table, "ResourceNotFoundException", TableName=table) or {}
    if answer.get("Table", {}).get("LatestStreamArn") != source_arn:
        raise AwsError(REFUSED, f"Stream not found: {source_arn}", "CreateEventSourceMapping")


def _require_queue(aws: Aws, function_arn: str, source_arn: str) -> None:
    url = queue_url(aws, source_arn.rpartition(":")[2])
    answer = found(
        aws.client("sqs").get_queue_attributes, QUEUE_GONE, QueueUrl=url, AttributeNames=["VisibilityTimeout"]
    )
    if answer is None:
        raise AwsError(REFUSED, f"Error occurred while ReceiveMessage. SQS Error Code: {QUEUE_GONE}.", "")
    visibility_s = int(answer["Attributes"]["VisibilityTimeout"])
    timeout_s = aws.client("lambda").get_function(FunctionName=function_arn)["Configuration"]["Timeout"]
    if visibility_s < timeout_s:
        message = f"Queue visibility timeout: {visibility_s} seconds is less than Function timeout: {timeout_s} seconds"
        raise AwsError(REFUSED, message, "CreateEventSourceMapping")


def _refuse_second(aws: Aws, function_arn: str, source_arn: str) -> None:
    for uuid, there in aws.store.list(KIND).items():
        if (there["FunctionArn"], there["Request"]["EventSourceArn"]) == (function_arn, source_arn):
            message = (
                f'An event source mapping with event source ("{source_arn}") and function ("{function_arn}") already '
                f"exists. Please update or delete the existing mapping with UUID {uuid}"
            )
            raise AwsError("ResourceConflictException", message, "CreateEventSourceMapping")


HANDLERS = (EventSourceMapping(),)
