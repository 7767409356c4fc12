"""Pauses, callers who go, and the running of the stand-in."""

import asyncio
import sys
from urllib.parse import unquote

import aiohttp
import pytest

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
    messages_body,
    post,
    read,
)


@pytest.mark.parametrize("path", STREAMS)
async def test_a_stalled_stream_goes_on_when_it_is_released(path: str, stand_in: BedrockStandIn) -> None:
    whole = await read(stand_in, path, STREAMS[path])
    stand_in.order(Fault(kind="stall", after_events=2))

    async with asking(stand_in, path, STREAMS[path]) as response:
        before = await response.content.readany()
        stand_in.release()
        after = await response.read()

    assert count(path, before) == 2
    assert before + after == whole


@pytest.mark.parametrize("path", [*WHOLE, *STREAMS])
async def test_a_slow_first_event_sends_nothing_until_it_is_released(path: str, stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="slow_first_event"))
    answer = asyncio.create_task(read(stand_in, path, {**WHOLE, **STREAMS}[path]))
    await stand_in.wait_for_calls()

    done, _ = await asyncio.wait([answer], timeout=0.05)
    stand_in.release()

    assert not done
    assert await answer


async def test_a_pause_of_some_seconds_ends_by_itself(stand_in: BedrockStandIn) -> None:
    stand_in.order(Fault(kind="stall", after_events=1, seconds=0.01), Fault(kind="slow_first_event", seconds=0.01))

    for _ in range(2):
        assert ENDINGS[FRAMES] in await read(stand_in, FRAMES, STREAMS[FRAMES])


async def test_an_order_after_a_release_pauses_again(stand_in: BedrockStandIn) -> None:
    stand_in.release()
    stand_in.order(Fault(kind="stall"))

    async with asking(stand_in, CHAT, chat_body(stream=True)) as response:
        done, _ = await asyncio.wait([asyncio.create_task(response.read())], timeout=0.05)
        assert not done
        stand_in.clear()


@pytest.mark.parametrize("fault", [Fault(kind="stall", after_events=2), Fault(kind="slow_first_event")])
@pytest.mark.parametrize("path", [*WHOLE, *STREAMS])
async def test_a_caller_who_goes_during_a_pause_is_noticed(path: str, fault: Fault, stand_in: BedrockStandIn) -> None:
    stand_in.order(fault)
    asked = asyncio.create_task(read(stand_in, path, {**WHOLE, **STREAMS}[path]))
    await stand_in.wait_for_calls()

    asked.cancel()
    call = await stand_in.wait_for_cut()

    assert (call.path, call.was_cut, call.is_finished) == (unquote(path), True, True)


async def test_waiting_for_a_cut_that_does_not_come_times_out(stand_in: BedrockStandIn) -> None:
    await post(stand_in.url, CONVERSE, converse_body())

    with pytest.raises(TimeoutError):
        await stand_in.wait_for_cut(timeout_s=0.01)


async def test_a_paced_stream_comes_event_by_event(stand_in: BedrockStandIn) -> None:
    whole = await read(stand_in, FRAMES, STREAMS[FRAMES])
    stand_in.order(Fault(kind="pace", events_per_s=500))

    async with asking(stand_in, FRAMES, STREAMS[FRAMES]) as response:
        pieces = [piece async for piece in response.content.iter_any()]

    assert b"".join(pieces) == whole
    assert len(pieces) > 1


async def test_a_stand_in_can_pace_all_its_streams() -> None:
    stand_in = BedrockStandIn(pace_events_per_s=500)
    await stand_in.start()

    stream = await read(stand_in, FRAMES, STREAMS[FRAMES])
    await stand_in.stop()

    assert b"metadata" in stream


async def test_calls_are_kept_with_what_was_asked(stand_in: BedrockStandIn) -> None:
    await post(stand_in.url, MESSAGES, messages_body(stream=False), **{"anthropic-beta": "context-1m-2025-08-07"})
    await read(stand_in, FRAMES, STREAMS[FRAMES])

    first, second = stand_in.calls
    assert (first.surface, first.is_streaming, first.status) == ("messages", False, 200)
    assert first.headers["anthropic-beta"] == "context-1m-2025-08-07"
    assert first.body["max_tokens"] == 4000
    assert (second.surface, second.is_streaming, second.path) == ("converse", True, unquote(FRAMES))


async def test_orders_and_calls_over_http(stand_in: BedrockStandIn) -> None:
    async with aiohttp.ClientSession(stand_in.url) as session:
        ordered = await session.post("/_standin/orders", json=[{"kind": "throttle"}, {"kind": "stall", "seconds": 9}])
        refused = await session.post("/_standin/orders", json=[{"kind": "tease"}])
        status, _, _ = await post(stand_in.url, CONVERSE, converse_body())
        calls = await (await session.get("/_standin/calls")).json()
        dropped = await session.delete("/_standin/orders")
        released = await session.post("/_standin/release")
        after, _, _ = await post(stand_in.url, CONVERSE, converse_body())

    assert (ordered.status, refused.status, dropped.status, released.status) == (200, 400, 200, 200)
    assert (status, after) == (429, 200)
    assert calls[0]["surface"] == "converse"
    assert calls[0]["headers"]["authorization"] == "(hidden)"
    assert calls[0]["body"] == converse_body()


async def test_the_stand_in_runs_alone() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "opencode_local.bedrock", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    status, _, _ = await post(line.split()[-1], CONVERSE, converse_body())
    process.terminate()
    await process.communicate()

    assert status == 200
