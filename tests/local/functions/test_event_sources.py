"""What comes of messages in a queue and of changes in a table."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pulumi_aws as aws
import pytest_asyncio

from opencode_local.aws import EmbeddedAws
from opencode_local.functions.timing import Timing
from tests.local.functions.site import Invocation, Site, a_function, a_role, running

QUEUE = "aws:sqs/queue:Queue"
TABLE = "aws:dynamodb/table:Table"
RECEIVE = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
FOLLOW = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords", "dynamodb:ListStreams"]


def allow(actions: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": "*"}


def a_queue(name: str, **given: Any) -> aws.sqs.Queue:
    return aws.sqs.Queue(name, name=name, visibility_timeout_seconds=1, **given)


def a_mapping(name: str, function: aws.lambda_.Function, source: Any, **given: Any) -> None:
    aws.lambda_.EventSourceMapping(name, function_name=function.arn, event_source_arn=source, **given)


def program() -> None:
    reader, nobody = a_role("reader", allow(RECEIVE), allow(FOLLOW)), a_role("nobody")
    dead = a_queue("dead")
    redrive = dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1}))
    receiver = a_function("receiver", reader, handler="app.receive", timeout=1)
    reports = {"variables": {"REPORTS": "1"}}
    reporter = a_function("reporter", reader, handler="app.receive", timeout=1, environment=reports)
    a_mapping("whole", receiver, a_queue("whole").arn)
    a_mapping("lost", receiver, a_queue("lost", redrive_policy=redrive).arn)
    part = {"function_response_types": ["ReportBatchItemFailures"]}
    a_mapping("part", reporter, a_queue("part").arn, **part)
    picky = {"filter_criteria": {"filters": [{"pattern": json.dumps({"body": {"kind": ["wanted"]}})}]}}
    a_mapping("picky", receiver, a_queue("picky").arn, **picky)
    a_mapping("denied", a_function("denied", nobody, timeout=1), a_queue("denied").arn)
    table = aws.dynamodb.Table(
        "items",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        stream_enabled=True,
        stream_view_type="NEW_AND_OLD_IMAGES",
    )
    follower = a_function("follower", reader, handler="app.follow")
    given = {"starting_position": "LATEST", "maximum_retry_attempts": 1, "bisect_batch_on_function_error": True}
    a_mapping("follower", follower, table.stream_arn, **given)


async def soon(delay_s: float) -> None:
    """Waits like `asyncio.sleep`, but never long."""
    await asyncio.sleep(min(delay_s, 0.02))


@pytest_asyncio.fixture(scope="module")
async def site(aws: EmbeddedAws) -> AsyncIterator[Site]:
    async with running(aws, program, Timing(sleep=soon)) as made:
        yield made


async def send(site: Site, queue: str, **body: Any) -> str:
    url = site.output(QUEUE, queue, "url")
    answer = await asyncio.to_thread(site.client("sqs").send_message, QueueUrl=url, MessageBody=json.dumps(body))
    return str(answer["MessageId"])


def received(invocations: list[Invocation], queue: str) -> list[tuple[dict[str, Any], bool]]:
    """Bodies from a queue, and whether their invocation failed."""
    return [
        (json.loads(record["body"]), one.failed)
        for one in invocations
        for record in one.event.get("Records", ())
        if record["eventSourceARN"].endswith(f":{queue}")
    ]


async def test_a_message_is_an_event_and_is_gone_when_the_function_succeeds(site: Site) -> None:
    id_ = await send(site, "whole", number=1)
    invocations = await site.functions.until(lambda all_: bool(received(all_, "whole")))
    record = next(one for one in invocations if received([one], "whole")).event["Records"][0]
    assert record["messageId"] == id_
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == site.output(QUEUE, "whole")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert json.loads(record["body"]) == {"number": 1}

    await send(site, "whole", number=2)
    await site.functions.until(lambda all_: ({"number": 2}, False) in received(all_, "whole"))

    assert received(site.functions.invocations, "whole").count(({"number": 1}, False)) == 1


async def test_messages_of_a_batch_that_fails_come_again(site: Site) -> None:
    await send(site, "whole", name="twice", fails=1)

    body = {"name": "twice", "fails": 1}
    await site.functions.until(lambda all_: (body, False) in received(all_, "whole"))

    assert received(site.functions.invocations, "whole").count((body, True)) == 1


async def test_only_the_messages_that_a_function_reports_come_again(site: Site) -> None:
    await send(site, "part", name="good")
    await send(site, "part", name="bad", fails=1)

    bad, good = {"name": "bad", "fails": 1}, {"name": "good"}
    await site.functions.until(lambda all_: received(all_, "part").count((bad, False)) == 2)

    assert received(site.functions.invocations, "part").count((good, False)) == 1


async def test_a_message_that_fails_too_often_is_in_the_dead_letter_queue(site: Site) -> None:
    id_ = await send(site, "lost", fails=9)
    await site.functions.until(lambda all_: bool(received(all_, "lost")))

    url = site.output(QUEUE, "dead", "url")
    answer = await asyncio.to_thread(site.client("sqs").receive_message, QueueUrl=url, WaitTimeSeconds=10)

    assert [message["MessageId"] for message in answer["Messages"]] == [id_]


async def test_what_the_filter_does_not_want_never_reaches_the_function(site: Site) -> None:
    await send(site, "picky", kind="other")
    await send(site, "picky", kind="wanted")

    await site.functions.until(lambda all_: bool(received(all_, "picky")))

    assert [body for body, _ in received(site.functions.invocations, "picky")] == [{"kind": "wanted"}]


async def test_a_queue_that_the_role_may_not_read_is_a_problem_with_the_actions_name(site: Site) -> None:
    [line] = [line for line in site.functions.status() if line.name == "denied" and line.kind == "event source"]

    assert line.state == "PROBLEM"
    assert "is not authorized to perform: sqs:GetQueueAttributes" in line.detail


def followed(invocations: list[Invocation], *, failed: bool) -> list[str]:
    return [
        f"{record['eventName']} {record['dynamodb']['Keys']['id']['S']}"
        for one in invocations
        if one.function == "follower" and one.failed == failed
        for record in one.event["Records"]
    ]


async def test_changes_of_a_table_arrive_in_order_and_a_poisoned_one_is_given_up(site: Site) -> None:
    table, dynamodb = site.output(TABLE, "items", "name"), site.client("dynamodb")
    for item in ({"id": {"S": "a"}}, {"id": {"S": "b"}, "poison": {"BOOL": True}}, {"id": {"S": "c"}}):
        await asyncio.to_thread(dynamodb.put_item, TableName=table, Item=item)
    await asyncio.to_thread(dynamodb.delete_item, TableName=table, Key={"id": {"S": "a"}})

    invocations = await site.functions.until(lambda all_: "REMOVE a" in followed(all_, failed=False))

    assert followed(invocations, failed=False) == ["INSERT a", "INSERT c", "REMOVE a"]
    assert "INSERT b" in followed(invocations, failed=True)
    record = next(one for one in invocations if one.function == "follower").event["Records"][0]
    assert record["eventSource"] == "aws:dynamodb"
    assert record["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert record["dynamodb"]["NewImage"]["id"] == {"S": "a"}
    assert record["eventSourceARN"] == site.output(TABLE, "items", "streamArn")
