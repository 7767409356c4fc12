"""The ledger says so, in the log that operators are alarmed by, when the table does not take its records."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiobotocore.credentials import AioCredentials
from aiohttp import web
from aiohttp.test_utils import TestServer

from opencode_router.usage.ledger import Ledger
from opencode_router.usage.record import UsageRecord
from opencode_router.usage.tokens import Tokens
from opencode_router.usage.usage_table import UsageTable

RECORD = UsageRecord(
    request_id="req-1",
    client_request_id=None,
    caller="ada",
    email=None,
    key_prefix=None,
    model="claude-sonnet",
    model_id="anthropic.claude-sonnet",
    surface="converse",
    region="us-east-1",
    started_at="2026-11-21T10:00:00.000+00:00",
    tokens=Tokens(input=10, output=5),
    price_version="2026-11-01",
    cost_micro_usd=105,
    outcome="finished",
    status=200,
    error_code=None,
    first_byte_ms=420,
    duration_ms=900,
)


@asynccontextmanager
async def crowded_table(*, refusals: int) -> AsyncIterator[UsageTable]:
    """A table that has no capacity for the first writes."""
    writes = 0

    async def write(request: web.Request) -> web.Response:
        nonlocal writes
        writes += 1
        items = json.loads(await request.read())["RequestItems"]
        return web.json_response({"UnprocessedItems": items if writes <= refusals else {}})

    app = web.Application()
    app.router.add_post("/", write)
    async with TestServer(app) as server:
        table = UsageTable(
            name="usage", url=str(server.make_url("/")), region="us-east-1", credentials=AioCredentials("id", "secret")
        )
        yield table
        await table.close()


async def test_records_that_the_table_has_no_capacity_for_are_reported_and_written_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with crowded_table(refusals=2) as table:
        ledger = Ledger(table, retention_days=1)
        with caplog.at_level(logging.WARNING):
            ledger.record(RECORD)
            await ledger.flush()
        await ledger.close(within_s=1)

    assert [(line.message, line.__dict__["count"]) for line in caplog.records] == [("usage records not written", 1)] * 2
    assert ledger.backlog == 0


async def test_records_that_never_reach_the_table_are_named_when_the_ledger_closes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = UsageTable(name="usage", url="http://127.0.0.1:9", region="us-east-1", credentials=None)
    ledger = Ledger(table, retention_days=1)

    with caplog.at_level(logging.WARNING):
        ledger.record(RECORD)
        await ledger.close(within_s=0)
    await table.close()

    lost = [line for line in caplog.records if line.levelno == logging.ERROR]
    assert [(line.message, line.__dict__["request_id"]) for line in lost] == [
        ("usage record not in the table", "req-1")
    ]
