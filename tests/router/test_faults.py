"""Every way in which Bedrock can fail, in every way of asking: the caller hears the truth, the request settles."""

import json
from typing import Any

import pytest

from opencode_local.bedrock import BedrockStandIn, Fault
from tests.router.asking import WAYS, Answer, Way, ask
from tests.router.running import Router, World, running_router

STREAMED = pytest.mark.parametrize("is_streaming", [False, True], ids=["whole", "stream"])
EVERY_WAY = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
REFUSALS = [
    ("throttle", 429, "rate_limit_exceeded", "rate_limit_error"),
    ("deny", 403, "access_denied", "permission_error"),
    ("not_found", 404, "not_found", "not_found_error"),
    ("validation", 400, "invalid_request", "invalid_request_error"),
    ("context_too_long", 400, "context_length_exceeded", "invalid_request_error"),
    ("not_ready", 503, "service_unavailable", "overloaded_error"),
    ("server_error", 502, "upstream_error", "api_error"),
    ("unavailable", 503, "service_unavailable", "overloaded_error"),
    ("model_timeout", 504, "upstream_timeout", "timeout_error"),
]


def last_event(way: Way, stream: bytes) -> dict[str, Any]:
    """The JSON of a stream's last event, which must be an error event of the protocol."""
    event = stream.rstrip().split(b"\n\n")[-1]
    if way.is_anthropic:
        assert event.startswith(b"event: error\ndata: ")
    return dict(json.loads(event.split(b"data: ", 1)[1]))


async def settled(router: Router, answer: Answer) -> dict[str, Any]:
    record = await router.usage(answer.request_id)
    assert record, "every request leaves a usage record"
    return record


@EVERY_WAY
@STREAMED
@pytest.mark.parametrize(("kind", "status", "code", "anthropic_type"), REFUSALS, ids=[row[0] for row in REFUSALS])
async def test_a_refusal_has_its_own_status_in_the_callers_shape(
    router: Router,
    bedrock: BedrockStandIn,
    as_ada: dict[str, str],
    way: Way,
    is_streaming: bool,
    kind: Any,
    status: int,
    code: str,
    anthropic_type: str,
) -> None:
    bedrock.order(Fault(kind=kind))

    answer = await ask(router, way, as_ada, stream=is_streaming)

    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].startswith("application/json")
    assert way.error_of(json.loads(answer.body))[0] == (anthropic_type if way.is_anthropic else code)
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    record = await settled(router, answer)
    assert (record["outcome"], record["error_code"], record["cost_micro_usd"]) == ("refused", code, 0)


@EVERY_WAY
async def test_the_text_of_a_validation_error_reaches_the_caller(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    bedrock.order(Fault(kind="validation", message="messages.3: the tool is not to Bedrock's taste"))

    answer = await ask(router, way, as_ada, stream=True)

    assert "not to Bedrock's taste" in way.error_of(json.loads(answer.body))[1]


FRAMED = [way for way in WAYS if way.surface in {"invoke", "converse"}]
"""Where the gateway reads every event; elsewhere the model's own bytes pass, damaged or not."""
DAMAGE = ("corrupt", "malformed")
FIRST = [
    (Fault(kind="exception", exception="throttlingException"), 429),
    (Fault(kind="exception", exception="validationException"), 400),
    (Fault(kind="exception", exception="serviceUnavailableException"), 503),
    (Fault(kind="exception", exception="internalServerException"), 502),
    (Fault(kind="drop"), 502),
    (Fault(kind="truncate"), 502),
    (Fault(kind="cut_frame"), 502),
    (Fault(kind="html"), 502),
]


@EVERY_WAY
@pytest.mark.parametrize(("fault", "status"), FIRST, ids=[f"{f.kind}-{f.exception}" for f, _ in FIRST])
async def test_a_stream_that_fails_at_its_first_event_is_an_error_response(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way, fault: Fault, status: int
) -> None:
    bedrock.order(fault)

    answer = await ask(router, way, as_ada, stream=True)

    assert answer.status == status, answer.body
    way.error_of(json.loads(answer.body))
    record = await settled(router, answer)
    assert record["outcome"] == "refused"


LATER = [
    Fault(kind="exception", exception="throttlingException", after_events=6),
    Fault(kind="exception", exception="modelStreamErrorException", after_events=6),
    Fault(kind="truncate", after_events=6),
    Fault(kind="cut_frame", after_events=6),
    Fault(kind="drop", after_events=6),
]


@EVERY_WAY
@pytest.mark.parametrize("fault", LATER, ids=[f"{fault.kind}-{fault.exception}" for fault in LATER])
async def test_a_stream_that_fails_later_ends_with_an_error_event_and_no_normal_ending(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way, fault: Fault
) -> None:
    bedrock.order(fault)

    answer = await ask(router, way, as_ada, stream=True)

    assert answer.status == 200, answer.body
    assert not answer.was_cut
    assert way.end not in answer.body
    way.error_of(last_event(way, answer.body))
    record = await settled(router, answer)
    assert record["outcome"] == "failed"
    assert record["is_estimate"] is True
    assert record["input_tokens"] > 0
    assert record["cost_micro_usd"] > 0


@pytest.mark.parametrize("way", FRAMED, ids=lambda way: way.name)
@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize(("after_events", "outcome"), [(0, "refused"), (6, "failed")])
async def test_a_damaged_event_never_passes_for_an_answer(
    router: Router,
    bedrock: BedrockStandIn,
    as_ada: dict[str, str],
    way: Way,
    kind: Any,
    after_events: int,
    outcome: str,
) -> None:
    bedrock.order(Fault(kind=kind, after_events=after_events))

    answer = await ask(router, way, as_ada, stream=True)

    assert answer.status == (200 if after_events else 502)
    assert way.end not in answer.body
    assert (await settled(router, answer))["outcome"] == outcome


@EVERY_WAY
@pytest.mark.parametrize("kind", ["truncate", "cut_frame", "drop", "malformed", "html"])
async def test_a_whole_answer_that_is_damaged_is_a_502(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way, kind: Any
) -> None:
    bedrock.order(Fault(kind=kind))

    answer = await ask(router, way, as_ada)

    assert answer.status == 502, answer.body
    assert (await settled(router, answer))["outcome"] == "refused"


@EVERY_WAY
async def test_a_stream_split_at_every_byte_is_the_same_stream(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    bedrock.order(Fault(kind="split"))

    answer = await ask(router, way, as_ada, stream=True)

    assert way.end in answer.body
    assert (await settled(router, answer))["outcome"] == "finished"


@EVERY_WAY
@STREAMED
async def test_an_expired_token_is_renewed_once_and_the_caller_never_knows(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way, is_streaming: bool
) -> None:
    bedrock.order(Fault(kind="expired_token"))

    answer = await ask(router, way, as_ada, stream=is_streaming)

    assert answer.status == 200, answer.body
    assert [call.status for call in bedrock.calls] in ([401, 200], [403, 200])


@EVERY_WAY
async def test_credentials_that_stay_refused_are_not_the_callers_fault(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    bedrock.order(Fault(kind="expired_token"), Fault(kind="expired_token"))

    answer = await ask(router, way, as_ada, stream=True)

    assert answer.status == 403, answer.body
    assert len(bedrock.calls) == 2


@EVERY_WAY
@STREAMED
async def test_a_model_that_does_not_begin_is_a_504_and_its_call_is_closed(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way, is_streaming: bool
) -> None:
    bedrock.order(Fault(kind="slow_first_event"))
    async with running_router(world, first_event_timeout_s=0.2, answer_timeout_s=0.2) as hasty:
        answer = await ask(hasty, way, as_ada, stream=is_streaming)
        await bedrock.wait_for_cut()

        assert answer.status == 504, answer.body
        assert (await settled(hasty, answer))["error_code"] == "upstream_timeout"


@EVERY_WAY
async def test_a_model_that_falls_silent_ends_with_an_error_event_and_its_call_is_closed(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    bedrock.order(Fault(kind="stall", after_events=6))
    async with running_router(world, idle_timeout_s=0.2) as hasty:
        answer = await ask(hasty, way, as_ada, stream=True)
        await bedrock.wait_for_cut()

        assert answer.status == 200
        assert "silent" in way.error_of(last_event(way, answer.body))[1]
        assert (await settled(hasty, answer))["outcome"] == "failed"


@EVERY_WAY
async def test_silence_is_bridged_by_keep_alives_that_no_client_mistakes_for_content(
    world: World, bedrock: BedrockStandIn, as_ada: dict[str, str], way: Way
) -> None:
    bedrock.order(Fault(kind="stall", after_events=6))
    keep_alive = b"event: ping\n" if way.is_anthropic else b": keep-alive\n\n"
    async with (
        running_router(world, keep_alive_s=0.05) as lively,
        lively.client.post(way.path, json=way.body(stream=True), headers=as_ada) as response,
    ):
        received = b""
        while received.count(keep_alive) < 3:
            received += await response.content.readany()
        bedrock.release()
        received += await response.read()

    assert way.end in received
    for event in received.split(b"\n\n"):
        lines = [line for line in event.split(b"\n") if line.startswith(b"data: {")]
        assert all(json.loads(line[6:]) for line in lines), "a keep-alive never falls into an event"
