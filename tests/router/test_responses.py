"""POST /v1/responses: the models that Bedrock serves in it, and nothing that outlives its request."""

import json
from typing import Any

import openai
import pytest
from openai.types.responses import ResponseCompletedEvent, ResponseFailedEvent

from opencode_local.bedrock import BedrockStandIn, Fault
from opencode_router.errors import RouterError
from opencode_router.relay.native_responses import ResponsesStream, responses_answer
from tests.router.asking import Answer, Way
from tests.router.running import Router, World, running_router

PATH = "/v1/responses"
ON_MANTLE, ON_RUNTIME = "gpt-oss-120b", "gpt-6-sol"
COMPLETED = b"event: response.completed\n"
LATER = [
    Fault(kind="exception", exception="throttlingException", after_events=6),
    Fault(kind="exception", exception="modelStreamErrorException", after_events=6),
    Fault(kind="truncate", after_events=6),
    Fault(kind="cut_frame", after_events=6),
    Fault(kind="drop", after_events=6),
]
WAY = Way("responses", PATH, ON_MANTLE, "responses", COMPLETED)


def body(**members: Any) -> dict[str, Any]:
    return {"model": ON_MANTLE, "input": "say 20 words", **members}


async def post(router: Router, headers: dict[str, str], **members: Any) -> Answer:
    async with router.client.post(PATH, json=body(**members), headers=headers) as response:
        return Answer(response.status, response.headers, await response.read())


def events_of(stream: bytes) -> list[dict[str, Any]]:
    parts = [part.split(b"data: ", 1)[1] for part in stream.split(b"\n\n") if b"data: " in part]
    return [json.loads(part) for part in parts]


def sdk(router: Router, headers: dict[str, str]) -> openai.AsyncOpenAI:
    key = headers["Authorization"].removeprefix("Bearer ")
    return openai.AsyncOpenAI(base_url=f"{router.url}/v1", api_key=key, max_retries=0)


@pytest.mark.parametrize("model", [ON_MANTLE, ON_RUNTIME])
async def test_the_openai_client_reads_a_stream_to_its_end(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], model: str
) -> None:
    async with sdk(router, as_ada) as client:
        stream = await client.responses.create(model=model, input="say 3 words", stream=True)
        events = [event async for event in stream]
        whole = await client.responses.create(model=model, input="say 3 words")

    last = events[-1]
    assert isinstance(last, ResponseCompletedEvent)
    assert last.response.model == whole.model == model
    assert last.response.output_text == whole.output_text != ""
    assert bedrock.calls[-1].surface == "responses"


@pytest.mark.parametrize(("model", "service"), [(ON_MANTLE, "bedrock-mantle"), (ON_RUNTIME, "bedrock")])
async def test_a_body_arrives_where_the_model_is_served_with_only_the_model_and_store_set(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], model: str, service: str
) -> None:
    sent = body(model=model, a_field_of_next_year={"deep": [1, 2.50, None]}, metadata={"model": "mine"})

    answer = await post(router, as_ada, **sent)

    call = bedrock.calls[-1]
    assert answer.status == 200, answer.body
    assert call.body == {**sent, "model": call.model_id, "store": False}
    assert call.model_id != model
    assert call.service == service


async def test_usage_is_read_in_passing_and_recorded_once(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    await router.gateway.ledger.flush()
    before = router.count_usage()
    streamed = await post(router, as_ada, stream=True)
    whole = await post(router, as_ada)

    told = [events_of(streamed.body)[-1]["response"]["usage"], json.loads(whole.body)["usage"]]
    for answer, usage in zip((streamed, whole), told, strict=True):
        record = await router.usage(answer.request_id)
        cached = usage["input_tokens_details"]["cached_tokens"]
        assert (record["outcome"], record["is_estimate"]) == ("finished", False)
        assert record["input_tokens"] + cached == usage["input_tokens"]
        assert record["output_tokens"] == usage["output_tokens"] > 0
        assert record["cost_micro_usd"] > 0
    assert router.count_usage() == before + 2


async def test_a_stream_split_at_every_byte_is_the_same_stream(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    smooth = await post(router, as_ada, stream=True)
    bedrock.order(Fault(kind="split"))
    split = await post(router, as_ada, stream=True)

    kinds = [[event["type"] for event in events_of(answer.body)] for answer in (smooth, split)]
    assert kinds[0] == kinds[1]
    assert bedrock.calls[-1].model_id.encode() not in split.body


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"store": True}, "store"),
        ({"background": True}, "background"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"input": [{"role": "user", "content": "x"}, {"type": "item_reference", "id": "msg_1"}]}, "input[1]"),
        ({"input": [{"id": "msg_1"}]}, "input[0]"),
    ],
)
async def test_what_would_be_stored_or_is_stored_is_refused_by_name(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], members: dict[str, Any], param: str
) -> None:
    answer = await post(router, as_ada, **members)

    assert answer.status == 400
    assert json.loads(answer.body)["error"]["param"] == param
    assert not bedrock.calls


@pytest.mark.parametrize("members", [{"store": False}, {"store": None, "background": False, "conversation": None}])
async def test_a_caller_that_wants_nothing_stored_is_served(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], members: dict[str, Any]
) -> None:
    answer = await post(router, as_ada, **members)

    assert answer.status == 200, answer.body
    assert bedrock.calls[-1].body["store"] is False


async def test_a_model_of_another_protocol_is_refused_with_those_that_speak_this_one(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    answer = await post(router, as_ada, model="claude-sonnet-5")

    error = json.loads(answer.body)["error"]
    assert (answer.status, error["param"]) == (400, "model")
    assert "not served in this protocol" in error["message"]
    assert {ON_MANTLE, ON_RUNTIME, "gpt-oss-20b"} <= {word.strip(",;") for word in error["message"].split()}
    assert not bedrock.calls


async def test_an_unknown_model_and_no_credential_are_refused_in_openais_shape(
    router: Router, as_ada: dict[str, str]
) -> None:
    unknown = await post(router, as_ada, model="gpt-oss-121b")
    stranger = await post(router, {})

    assert [unknown.status, stranger.status] == [404, 401]
    assert WAY.error_of(json.loads(unknown.body))[0] == "model_not_found"
    WAY.error_of(json.loads(stranger.body))


@pytest.mark.parametrize("is_streaming", [False, True], ids=["whole", "stream"])
async def test_a_throttled_request_is_a_429(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], is_streaming: bool
) -> None:
    bedrock.order(Fault(kind="throttle"))

    answer = await post(router, as_ada, stream=is_streaming)

    assert answer.status == 429
    assert answer.headers["Retry-After"]
    assert WAY.error_of(json.loads(answer.body))[0] == "rate_limit_exceeded"
    record = await router.usage(answer.request_id)
    assert (record["outcome"], record["cost_micro_usd"]) == ("refused", 0)


async def test_an_error_as_the_first_event_is_an_error_response(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    bedrock.order(Fault(kind="exception", exception="throttlingException"))

    answer = await post(router, as_ada, stream=True)

    assert answer.status == 429, answer.body
    WAY.error_of(json.loads(answer.body))


@pytest.mark.parametrize("fault", LATER, ids=[f"{fault.kind}-{fault.exception}" for fault in LATER])
async def test_a_stream_that_fails_later_ends_with_response_failed(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str], fault: Fault
) -> None:
    bedrock.order(fault)

    answer = await post(router, as_ada, stream=True)

    last = events_of(answer.body)[-1]
    record = await router.usage(answer.request_id)
    assert (answer.status, last["type"], last["response"]["status"]) == (200, "response.failed", "failed")
    assert last["response"]["error"]["code"] == record["error_code"]
    assert COMPLETED not in answer.body
    assert (record["outcome"], record["is_estimate"]) == ("failed", True)
    assert record["input_tokens"] > 0


async def test_the_openai_client_is_told_of_a_failed_stream(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    bedrock.order(Fault(kind="truncate", after_events=6))

    async with sdk(router, as_ada) as client:
        events = [event async for event in await client.responses.create(model=ON_MANTLE, input="hello", stream=True)]

    last = events[-1]
    assert isinstance(last, ResponseFailedEvent)
    assert last.response.error is not None
    assert last.response.error.message == "the model's stream ended before it was complete"


async def test_a_caller_who_leaves_is_recorded_and_the_call_is_closed(
    router: Router, bedrock: BedrockStandIn, as_ada: dict[str, str]
) -> None:
    bedrock.order(Fault(kind="stall", after_events=6))
    async with router.client.post(PATH, json=body(stream=True), headers=as_ada) as response:
        await response.content.readany()
        request_id = response.headers["x-request-id"]
        response.close()

    await bedrock.wait_for_cut()

    assert (await router.usage(request_id))["outcome"] == "client_disconnect"


async def test_silence_is_bridged_by_comments(world: World, bedrock: BedrockStandIn, as_ada: dict[str, str]) -> None:
    bedrock.order(Fault(kind="stall", after_events=6))
    async with (
        running_router(world, keep_alive_s=0.05) as lively,
        lively.client.post(PATH, json=body(stream=True), headers=as_ada) as response,
    ):
        received = b""
        while received.count(b": keep-alive\n\n") < 3:
            received += await response.content.readany()
        bedrock.release()
        received += await response.read()

    assert events_of(received)[-1]["type"] == "response.completed"


USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
    "output_tokens": 40,
    "output_tokens_details": {"reasoning_tokens": 25},
}


def last_event(kind: str, **response: Any) -> bytes:
    data = {"type": kind, "response": {"model": "openai.x", "usage": USAGE, **response}}
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete", "response.failed"])
def test_tokens_are_counted_by_kind_whichever_event_ends_the_stream(kind: str) -> None:
    stream = ResponsesStream(model="x")

    stream.feed(last_event(kind, error={"code": "server_error", "message": "broken"}))
    stream.close()

    counts = stream.tokens
    assert (counts.input, counts.cache_read, counts.cache_write_5m) == (50, 30, 20)
    assert (counts.output, counts.reasoning, counts.is_estimate) == (40, 25, False)
    assert (stream.failure is not None) == (kind == "response.failed")


def test_a_models_text_about_errors_is_no_error() -> None:
    stream = ResponsesStream(model="x")
    text = {"type": "response.output_text.delta", "delta": '\nevent: error\ndata: {"type": "error"}\n\n'}
    event = f"event: response.output_text.delta\ndata: {json.dumps(text)}\n\n".encode()

    assert stream.feed(event) == event
    assert stream.failure is None


@pytest.mark.parametrize(
    "event",
    [
        b'event: error\ndata: {"type":"error","code":"rate_limit_exceeded","message":"slow"}\n\n',
        b'data: {"error":{"code":"rate_limit_exceeded","message":"slow"}}\n\n',
        b'data: {"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"slow"}}}\n\n',
    ],
)
def test_an_error_is_understood_in_each_of_its_shapes(event: bytes) -> None:
    stream = ResponsesStream(model="x")

    assert stream.feed(event) == b""

    assert stream.failure is not None
    assert (stream.failure.code, stream.failure.message) == ("rate_limit_exceeded", "slow")


def test_a_whole_answer_that_failed_is_an_error() -> None:
    failed = {"status": "failed", "model": "openai.x", "error": {"code": "server_error", "message": "broken"}}

    with pytest.raises(RouterError, match="broken"):
        responses_answer(json.dumps(failed).encode(), model="x")


def test_a_whole_answer_without_usage_is_estimated() -> None:
    answer, tokens = responses_answer(b'{"status":"completed","model":"openai.x"}', model="x")

    assert json.loads(answer)["model"] == "x"
    assert tokens.is_estimate
