"""Each order to misbehave, as a caller sees it."""

from typing import Any

import aiohttp
import msgspec
import pytest
from botocore.eventstream import ChecksumMismatch

from opencode_local.bedrock import BedrockStandIn, Fault
from tests.local.bedrock_callers import (
    CHAT,
    CONVERSE,
    ENDINGS,
    FRAMES,
    MESSAGES,
    STREAMS,
    WHOLE,
    asking,
    chat_body,
    converse_body,
    count,
    events,
    frames,
    messages_body,
    post,
    read,
)

REFUSALS = {
    "throttle": (429, 429, 429),
    "deny": (403, 403, 403),
    "not_found": (404, 404, 404),
    "validation": (400, 400, 400),
    "context_too_long": (400, 400, 400),
    "not_ready": (429, 529, 503),
    "server_error": (500, 500, 500),
    "unavailable": (503, 503, 503),
    "model_timeout": (408, 504, 408),
    "expired_token": (403, 401, 401),
}


@pytest.mark.parametrize("kind", REFUSALS)
async def test_a_refusal_has_the_status_of_its_route(kind: Any, stand_in: BedrockStandIn) -> None:
    stand_in.order(*[Fault(kind=kind, message="as ordered") for _ in range(6)])
    statuses = []
    for bodies in (WHOLE, STREAMS):
        for path, body in bodies.items():
            status, answer, _ = await post(stand_in.url, path, body)
            statuses.append(status)
            assert "as ordered" in str(answer)

    assert tuple(statuses) == REFUSALS[kind] * 2


async def test_a_context_that_is_too_long_is_worded_by_each_route(stand_in: BedrockStandIn) -> None:
    stand_in.order(*[Fault(kind="context_too_long") for _ in range(3)])
    (_, converse, _), (_, messages, _), (_, chat, _) = [
        await post(stand_in.url, path, body) for path, body in WHOLE.items()
    ]

    assert converse["message"] == "Input is too long for requested model."
    assert messages["error"]["message"].startswith("prompt is too long: ")
    assert chat["error"]["code"] == "context_length_exceeded"


async def test_orders_are_met_one_by_one_and_then_all_is_well(stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="throttle"), Fault(kind="deny"))

    statuses = [(await post(stand_in.url, CONVERSE, converse_body()))[0] for _ in range(3)]

    assert statuses == [429, 403, 200]


async def test_an_order_for_a_surface_waits_for_it_and_counts_are_spared(stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="deny", surface="chat"), Fault(kind="throttle"))
    count_body = {name: value for name, value in messages_body().items() if name != "max_tokens"}

    statuses = [
        (await post(stand_in.url, path, body))[0]
        for path, body in ((f"{MESSAGES}/count_tokens", count_body), (CONVERSE, converse_body()), (CHAT, chat_body()))
    ]

    assert statuses == [200, 429, 403]


@pytest.mark.parametrize("path", STREAMS)
async def test_an_undisturbed_stream_has_its_ending(path: str, stand_in: BedrockStandIn) -> None:
    assert ENDINGS[path] in await read(stand_in, path, STREAMS[path])


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize("after_events", [0, 2])
async def test_an_exception_comes_in_the_stream_and_ends_it(
    path: str, after_events: int, stand_in: BedrockStandIn
) -> None:
    stand_in.order(Fault(kind="exception", exception="throttlingException", after_events=after_events))

    stream = await read(stand_in, path, STREAMS[path])

    assert count(path, stream) == after_events + 1
    if path == FRAMES:
        headers, payload = frames(stream)[-1]
        assert (headers[":message-type"], headers[":exception-type"]) == ("exception", "throttlingException")
        assert "message" in msgspec.json.decode(payload)
    else:
        assert b'"rate_limit_error"' in events(stream)[-1]


@pytest.mark.parametrize("path", STREAMS)
async def test_a_truncated_stream_ends_cleanly_without_its_ending(path: str, stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="truncate", after_events=2), Fault(kind="truncate", after_events=1000))

    short = await read(stand_in, path, STREAMS[path])
    longer = await read(stand_in, path, STREAMS[path])

    assert count(path, short) == 2
    assert ENDINGS[path] not in longer


@pytest.mark.parametrize("path", STREAMS)
async def test_a_cut_frame_ends_in_its_middle(path: str, stand_in: BedrockStandIn) -> None:
    whole = await read(stand_in, path, STREAMS[path])
    stand_in.order(Fault(kind="cut_frame", after_events=2), Fault(kind="truncate", after_events=2))

    cut = await read(stand_in, path, STREAMS[path])
    before = await read(stand_in, path, STREAMS[path])

    assert len(before) < len(cut) < len(whole)


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize("after_events", [0, 2])
async def test_a_dropped_connection_is_an_error_to_the_caller(
    path: str, after_events: int, stand_in: BedrockStandIn
) -> None:
    stand_in.order(Fault(kind="drop", after_events=after_events))

    with pytest.raises(aiohttp.ClientError):
        await read(stand_in, path, STREAMS[path])

    (call,) = await stand_in.wait_until_finished()
    assert not call.was_cut


@pytest.mark.parametrize("path", WHOLE)
@pytest.mark.parametrize("fault", [Fault(kind="drop", after_events=1), Fault(kind="cut_frame")])
async def test_a_whole_body_can_stay_shorter_than_announced(path: str, fault: Fault, stand_in: BedrockStandIn) -> None:
    stand_in.order(fault)

    with pytest.raises(aiohttp.ClientError):
        await read(stand_in, path, WHOLE[path])


@pytest.mark.parametrize("kind", ["truncate", "malformed", "corrupt"])
@pytest.mark.parametrize("path", WHOLE)
async def test_a_whole_body_can_be_no_json(path: str, kind: Any, stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind=kind))

    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(await read(stand_in, path, WHOLE[path]))


@pytest.mark.parametrize("path", WHOLE)
async def test_an_exception_meets_a_whole_answer_as_an_error_status(path: str, stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="exception", exception="throttlingException"))

    status, _, _ = await post(stand_in.url, path, WHOLE[path])

    assert status == 429


@pytest.mark.parametrize("path", [*WHOLE, *STREAMS])
async def test_a_page_of_somebody_else_is_a_200(path: str, stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="html"))

    async with asking(stand_in, path, {**WHOLE, **STREAMS}[path]) as response:
        assert (response.status, response.content_type) == (200, "text/html")


async def test_a_corrupt_frame_fails_its_checksum(stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="corrupt", after_events=2), Fault(kind="malformed", after_events=2))

    with pytest.raises(ChecksumMismatch):
        frames(await read(stand_in, FRAMES, STREAMS[FRAMES]))
    malformed = frames(await read(stand_in, FRAMES, STREAMS[FRAMES]))

    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(malformed[2][1])
    assert b"metadata" in malformed[-1][0][":event-type"].encode()


@pytest.mark.parametrize("path", [MESSAGES, CHAT])
async def test_a_broken_text_event_stands_among_good_ones(path: str, stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="corrupt", after_events=2), Fault(kind="malformed", after_events=2))

    corrupt = events(await read(stand_in, path, STREAMS[path]))
    malformed = events(await read(stand_in, path, STREAMS[path]))

    with pytest.raises(UnicodeDecodeError):
        corrupt[2].decode()
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(malformed[2].partition(b"data: ")[2])
    assert ENDINGS[path] in malformed[-1]


@pytest.mark.parametrize("path", [*WHOLE, *STREAMS])
async def test_a_response_split_at_every_byte_is_the_same_response(path: str, stand_in: BedrockStandIn) -> None:
    body = {**WHOLE, **STREAMS}[path]
    stand_in.order(Fault(kind="split", size=100_000), Fault(kind="split"))

    whole = await read(stand_in, path, body)
    async with asking(stand_in, path, body) as response:
        pieces = [piece async for piece in response.content.iter_any()]

    assert b"".join(pieces) == whole
    assert len(pieces) > 10
