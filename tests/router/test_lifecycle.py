"""Callers that go, processes that stop, tables that are away: nothing is left open or unsettled."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientResponse
from yarl import URL

from opencode_local.bedrock import BedrockStandIn, Fault
from tests.router.asking import WAYS, Way, ask
from tests.router.running import Router, World, running_router
from tests.tables import USAGE_TABLE

EVERY_WAY = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
STALL = Fault(kind="stall", after_events=6)


@asynccontextmanager
async def stalled_stream(router: Router, way: Way, headers: dict[str, str]) -> AsyncIterator[ClientResponse]:
    """A stream that has begun and is now silent."""
    router.world.bedrock.order(STALL)
    async with router.client.post(way.path, json=way.body(stream=True), headers=headers) as response:
        assert response.status == 200, await response.text()
        await response.content.readany()
        yield response


@EVERY_WAY
async def test_a_caller_that_goes_away_closes_the_call_and_is_still_billed(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    async with stalled_stream(router, way, as_ada) as response:
        request_id = response.headers["x-request-id"]
        response.close()
    await bedrock.wait_for_cut(timeout_s=1.0)

    record = await router.usage(request_id)
    assert record["outcome"] == "client_disconnect"
    assert record["is_estimate"] is True
    assert record["input_tokens"] > 0
    assert record["output_tokens"] > 0


@EVERY_WAY
async def test_a_caller_that_goes_away_before_the_answer_closes_the_call(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    bedrock.order(Fault(kind="slow_first_event"))
    waiting = asyncio.create_task(ask(router, way, as_ada))
    await bedrock.wait_for_calls()
    waiting.cancel()

    await bedrock.wait_for_cut(timeout_s=1.0)


async def test_a_caller_that_stops_reading_is_given_up(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    way = WAYS[0]
    async with running_router(world, idle_timeout_s=0.5) as impatient:
        url = URL(impatient.url)
        body = json.dumps(way.body("say 60000 words", stream=True))
        head = f"POST {way.path} HTTP/1.1\r\nHost: x\r\nAuthorization: {as_ada['Authorization']}\r\n"
        _, writer = await asyncio.open_connection(url.host, url.port, limit=1)
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        await bedrock.wait_for_cut(timeout_s=10)
        writer.close()
        await impatient.gateway.ledger.flush()

        assert impatient.gateway.slots.taken == 0


async def test_a_stream_that_ends_in_time_is_not_disturbed_by_a_shutdown(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    async with running_router(world, drain_s=10) as leaving, stalled_stream(leaving, WAYS[0], as_ada) as response:
        draining = asyncio.create_task(leaving.gateway.drain())
        await asyncio.sleep(0)
        async with leaving.client.get("/ready") as ready, leaving.client.get("/health") as health:
            assert (ready.status, health.status) == (503, 200)
        refused = await ask(leaving, WAYS[0], as_ada)
        bedrock.release()
        rest = await response.read()
        await draining

    assert refused.status == 503
    assert json.loads(refused.body)["error"]["code"] == "shutting_down"
    assert rest.endswith(b"data: [DONE]\n\n")


@EVERY_WAY
async def test_a_stream_that_outlasts_the_deadline_ends_with_an_error_event_and_is_settled(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    async with running_router(world, drain_s=0.1) as leaving, stalled_stream(leaving, way, as_ada) as response:
        await leaving.gateway.drain()
        rest = await response.read()
        record = await leaving.usage(response.headers["x-request-id"])

    assert b"shutting down" in rest
    assert way.end not in rest
    assert record["outcome"] == "shutdown"
    assert record["input_tokens"] > 0


async def test_more_calls_than_the_process_allows_are_refused_with_a_time_to_retry(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    async with running_router(world, max_concurrent_calls=1) as small, stalled_stream(small, WAYS[0], as_ada):
        refused = await ask(small, WAYS[1], as_ada)

        assert refused.status == 429
        assert refused.headers["Retry-After"] == "1"
        assert json.loads(refused.body)["error"]["type"] == "rate_limit_error"


async def test_a_slot_is_free_again_after_every_kind_of_end(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    async with running_router(world, max_concurrent_calls=1) as small:
        for fault in (Fault(kind="throttle"), Fault(kind="drop", after_events=3), Fault(kind="html")):
            bedrock.order(fault)
            await ask(small, WAYS[0], as_ada, stream=True)
        async with stalled_stream(small, WAYS[0], as_ada) as response:
            response.close()
        await bedrock.wait_for_cut()

        assert (await ask(small, WAYS[0], as_ada)).status == 200
        assert small.gateway.slots.taken == 0


async def test_a_table_that_is_away_loses_no_record(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    dynamodb = world.aws.dynamodb()
    async with running_router(world, usage_table="not-there-yet") as router:
        answers = [await ask(router, WAYS[0], as_ada) for _ in range(30)]
        assert router.gateway.ledger.backlog == 30
        schema = dynamodb.describe_table(TableName=USAGE_TABLE)["Table"]
        dynamodb.create_table(
            TableName="not-there-yet",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "request_id", "AttributeType": "S"}],
            KeySchema=schema["KeySchema"],
        )
        await router.gateway.ledger.flush()

    items = dynamodb.scan(TableName="not-there-yet")["Items"]
    assert {item["request_id"]["S"] for item in items} == {answer.request_id for answer in answers}


async def test_what_a_request_costs_is_exact(router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]) -> None:
    answer = await ask(router, WAYS[1], as_ada)

    usage = json.loads(answer.body)["usage"]
    record = await router.usage(answer.request_id)
    prices = router.gateway.catalogue.find(WAYS[1].model).model.prices
    assert (record["input_tokens"], record["output_tokens"]) == (usage["input_tokens"], usage["output_tokens"])
    assert record["price_version"] in {price.since.isoformat() for price in prices}
    assert record["caller"] == "ada"
    assert record["key_prefix"].startswith("oc_")
    assert record["surface"] == "messages"
    assert isinstance(record["cost_micro_usd"], int)
    assert record["cost_micro_usd"] > 0
