"""What CloudWatch counts is what the router really writes: every filter is tried on lines of the running router."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Mapping

import pytest

from opencode_components.router_metrics import ROUTER_METRICS
from opencode_components.testing.metric_filters import matches
from opencode_local.bedrock import BedrockStandIn, Fault
from opencode_router.bedrock.credentials import BearerTokens
from opencode_router.logs import JsonLines
from opencode_router.usage.ledger import Ledger
from opencode_router.usage.usage_table import UsageTable
from tests.router.asking import WAYS, ask
from tests.router.running import Router, running_router
from tests.router.test_ledger import RECORD, crowded_table
from tests.router.test_lifecycle import stalled_stream

Headers = dict[str, str]
Scenario = Callable[[Router, Headers], Coroutine[None, None, None]]
Lines = Callable[[], list[str]]


@pytest.fixture
def written(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Lines:
    """The lines so far, formatted as on a router's standard output."""
    caplog.set_level(logging.INFO)

    def lines() -> list[str]:
        direct = [line for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
        return [*direct, *(JsonLines().format(record) for record in caplog.records)]

    return lines


async def an_answer(router: Router, as_ada: Headers) -> None:
    assert (await ask(router, WAYS[0], as_ada)).status == 200


async def a_throttled_request(router: Router, as_ada: Headers) -> None:
    router.world.bedrock.order(Fault(kind="throttle"))
    assert (await ask(router, WAYS[0], as_ada)).status == 429


async def a_stream_throttled_before_its_first_event(router: Router, as_ada: Headers) -> None:
    router.world.bedrock.order(Fault(kind="exception", exception="throttlingException"))
    assert (await ask(router, WAYS[3], as_ada, stream=True)).status == 429


async def a_request_that_bedrock_denies_the_gateway(router: Router, as_ada: Headers) -> None:
    router.world.bedrock.order(Fault(kind="deny"))
    assert (await ask(router, WAYS[0], as_ada)).status == 403


async def no_aws_credentials(router: Router, as_ada: Headers) -> None:
    tokens = BearerTokens(None, "us-east-1")
    await asyncio.sleep(0)
    await tokens.close()


async def more_calls_than_the_process_allows(router: Router, as_ada: Headers) -> None:
    async with running_router(router.world, max_concurrent_calls=1) as small, stalled_stream(small, WAYS[0], as_ada):
        assert (await ask(small, WAYS[0], as_ada)).status == 429


async def no_credential(router: Router, as_ada: Headers) -> None:
    assert (await ask(router, WAYS[0], {})).status == 401


async def a_key_that_does_not_exist(router: Router, as_ada: Headers) -> None:
    async with router.client.get("/v1/models", headers={"X-API-Key": f"oc_{'x' * 43}"}) as response:
        assert response.status == 401


async def a_table_without_capacity(router: Router, as_ada: Headers) -> None:
    async with crowded_table(refusals=1) as table:
        ledger = Ledger(table, retention_days=1)
        ledger.record(RECORD)
        await ledger.flush()
        await ledger.close(within_s=1)


async def a_table_that_never_answers(router: Router, as_ada: Headers) -> None:
    table = UsageTable(name="usage", url="http://127.0.0.1:9", region="us-east-1", credentials=None)
    ledger = Ledger(table, retention_days=1)
    ledger.record(RECORD)
    await asyncio.sleep(0)
    await ledger.close(within_s=0)
    await table.close()


SCENARIOS: Mapping[Scenario, set[str]] = {
    an_answer: {"FirstByte"},
    a_throttled_request: {"BedrockThrottles"},
    a_stream_throttled_before_its_first_event: {"BedrockThrottles"},
    a_request_that_bedrock_denies_the_gateway: {"BedrockRefusals"},
    no_aws_credentials: {"BedrockCredentialFailures"},
    more_calls_than_the_process_allows: {"RequestsOverCapacity", "FirstByte"},
    no_credential: {"AuthFailures"},
    a_key_that_does_not_exist: {"AuthFailures"},
    a_table_without_capacity: {"LedgerRetries", "FirstByte"},
    a_table_that_never_answers: {"LedgerRetries", "LedgerLosses", "FirstByte"},
}


@pytest.mark.parametrize(("scenario", "counted"), SCENARIOS.items(), ids=[each.__name__ for each in SCENARIOS])
async def test_each_thing_that_happens_is_counted_by_the_filters_meant_for_it_and_by_no_other(
    router: Router, bedrock: BedrockStandIn, as_ada: Headers, written: Lines, scenario: Scenario, counted: set[str]
) -> None:
    settled = await ask(router, WAYS[0], as_ada)
    await router.usage(settled.request_id)
    written()  # what went before, a write that was under way among it, is no part of the scenario

    await scenario(router, as_ada)

    lines = written()
    found = {name for name, metric in ROUTER_METRICS.items() if any(matches(metric.pattern, line) for line in lines)}
    assert found == counted, lines


def test_every_filter_is_tried() -> None:
    assert {name for counted in SCENARIOS.values() for name in counted} == set(ROUTER_METRICS)


async def test_what_a_filter_takes_from_a_line_is_a_number_of_that_line(
    router: Router, bedrock: BedrockStandIn, as_ada: Headers, written: Lines
) -> None:
    await an_answer(router, as_ada)

    (line,) = [line for line in written() if matches(ROUTER_METRICS["FirstByte"].pattern, line)]
    assert json.loads(line)[ROUTER_METRICS["FirstByte"].value.removeprefix("$.")] >= 0
    assert {metric.value for name, metric in ROUTER_METRICS.items() if name != "FirstByte"} == {"1"}
