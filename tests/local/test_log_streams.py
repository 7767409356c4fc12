"""Lines on their way into CloudWatch Logs."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from opencode_local.access.session import Session
from opencode_local.aws import EmbeddedAws
from opencode_local.log_streams import MAX_EVENT_BYTES, LogStreams, StreamSettings
from opencode_local.provider.aws import Account

REGION = "us-east-1"
account_ids = count(310_000_000_000)


@pytest.fixture(scope="module")
def account(aws: EmbeddedAws) -> Account:
    return Account(aws.url, str(next(account_ids)))


@pytest_asyncio.fixture
async def streams(account: Account) -> AsyncIterator[LogStreams]:
    made = LogStreams(account.url, REGION, clock=lambda: datetime.now(UTC).timestamp())
    yield made
    await made.stop()


@pytest.fixture
def group(account: Account, request: pytest.FixtureRequest) -> str:
    name = f"/{request.node.name}"
    account.client("logs", REGION).create_log_group(logGroupName=name)
    return name


def session(account: Account) -> Session:
    keys = account.credentials()
    return Session(
        role_arn="arn:aws:iam::310000000000:role/writer",
        access_key_id=keys["aws_access_key_id"],
        secret_access_key=keys["aws_secret_access_key"],
        session_token=keys["aws_session_token"],
        expires_at=datetime.max.replace(tzinfo=UTC),
    )


def written(account: Account, group: str, **params: Any) -> list[str]:
    paginator = account.client("logs", REGION).get_paginator("filter_log_events")
    return [event["message"] for page in paginator.paginate(logGroupName=group, **params) for event in page["events"]]


async def test_lines_arrive_whole_in_order_and_without_their_ends(
    account: Account, streams: LogStreams, group: str
) -> None:
    stream = streams.stream(group, "one", lambda: session(account))
    for line in (b"first\n", b"", "zweite Zeile \u00fc\r\n".encode(), b"not \xff text", b"x" * (MAX_EVENT_BYTES + 1)):
        stream.write(line)
    stream.close()
    stream.write(b"after the end")
    await streams.flush()

    lines = written(account, group)
    assert lines[:3] == ["first", "zweite Zeile \u00fc", "not \ufffd text"]
    assert [len(line) for line in lines[3:]] == [MAX_EVENT_BYTES, 1]
    assert stream.lost == 1


async def test_more_lines_than_one_call_takes_are_written_by_several(
    account: Account, streams: LogStreams, group: str
) -> None:
    stream = streams.stream(group, "many", lambda: session(account))
    for letter in b"abcde":
        stream.write(bytes([letter]) * MAX_EVENT_BYTES)
    await streams.flush()

    assert [line[0] for line in written(account, group)] == ["a", "b", "c", "d", "e"]
    assert stream.lost == 0


async def test_a_full_buffer_loses_the_newest_lines_and_never_waits(account: Account, streams: LogStreams) -> None:
    refusals: list[str] = []
    settings = StreamSettings(max_buffer_bytes=100, on_refusal=refusals.append)
    stream = streams.stream("/not-there", "full", lambda: session(account), settings=settings)
    for _ in range(10):
        stream.write(b"0123456789")
    await streams.flush()

    assert stream.lost == 8
    assert len(refusals) == 1
    assert "ResourceNotFoundException" in refusals[0]


async def test_a_group_is_made_where_the_container_says_so(account: Account, streams: LogStreams) -> None:
    settings = StreamSettings(creates_group=True)
    stream = streams.stream("/made", "one", lambda: session(account), settings=settings)
    stream.write(b"line")
    await streams.flush()

    assert written(account, "/made") == ["line"]
