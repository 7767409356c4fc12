"""Converse's answers as Anthropic Messages: the corpus, every split, the anthropic SDK, and anything at all."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from anthropic import Anthropic
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_router.translate import converse_to_messages
from opencode_router.usage.tokens import Tokens
from tests.router.translate import converse_samples as samples
from tests.router.translate.converse_content import BLOCKS, SOME_FRAMES, Json, answer_of, events_of


def stream() -> converse_to_messages.Stream:
    return converse_to_messages.Stream("msg_1", "sonnet")


def answer(body: bytes) -> tuple[bytes, Tokens]:
    return converse_to_messages.answer(body, message_id="msg_1", model="sonnet")


def parsed(events: bytes) -> Iterator[dict[str, Any]]:
    for event in events.split(b"\n\n")[:-1]:
        name, data = event.split(b"\n")
        body = json.loads(data.removeprefix(b"data: "))
        assert name == b"event: " + body["type"].encode()
        yield body


def accumulated(events: bytes) -> Json:
    """What the anthropic SDK makes of a stream."""
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(200, content=events, headers={"content-type": "text/event-stream"})
    )
    client = Anthropic(api_key="oc_test", base_url="http://gateway", http_client=httpx2.Client(transport=transport))
    ask: Any = {"model": "sonnet", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
    with client, client.messages.stream(**ask) as messages:
        return messages.get_final_message().to_dict()


def comparable(message: Json) -> Json:
    """Without nulls, `parsed_output` and the split of cache writes, which the SDK does not take from the last event."""
    usage = {name: value for name, value in message["usage"].items() if name != "cache_creation"}
    content = [
        {name: value for name, value in block.items() if value is not None and name != "parsed_output"}
        for block in message["content"]
    ]
    kept = {name: value for name, value in message.items() if value is not None}
    return {**kept, "content": content, "usage": usage}


@pytest.mark.parametrize("name", samples.STREAMS)
def test_a_stream_of_the_corpus_becomes_exactly_these_events(name: str) -> None:
    translated = samples.translated(stream(), samples.upstream_stream(name))

    assert translated == samples.expected("converse_to_messages", "streams", name)


@pytest.mark.parametrize("name", samples.STREAMS)
def test_how_the_upstreams_bytes_are_split_never_matters(name: str) -> None:
    data = samples.upstream_stream(name)
    whole = samples.expected("converse_to_messages", "streams", name)

    for cut in range(0, len(data), 7):
        assert samples.translated(stream(), data[:cut], data[cut:]) == whole
    assert samples.translated(stream(), *(data[at : at + 1] for at in range(len(data)))) == whole


@pytest.mark.parametrize("name", samples.ANSWERS)
def test_an_answer_of_the_corpus_becomes_exactly_this_message(name: str) -> None:
    translated = samples.answered(answer, samples.upstream_answer(name))

    assert translated == samples.expected("converse_to_messages", "answers", name)


@settings(deadline=None)
@given(BLOCKS, st.data())
def test_the_anthropic_sdk_reads_from_a_stream_what_the_whole_answer_says(
    blocks: list[Json], draw: st.DataObject
) -> None:
    reader = stream()
    events = reader.feed(events_of(blocks, draw)) + reader.close()
    body, tokens = answer(answer_of(blocks))

    assert reader.failure is None
    assert reader.tokens == tokens
    assert comparable(accumulated(events)) == comparable(json.loads(body))


@pytest.mark.parametrize("name", [name for name in samples.STREAMS if name.startswith("citation_of_")])
def test_the_anthropic_sdk_collects_citations(name: str) -> None:
    reader = stream()
    message = accumulated(reader.feed(samples.upstream_stream(name)))

    citations = message["content"][0].get("citations") or []

    assert len(citations) == (0 if name == "citation_of_a_web_page" else 1)


@settings(deadline=None)
@given(SOME_FRAMES)
def test_no_sequence_of_frames_does_more_than_fail(frames: list[bytes]) -> None:
    reader = stream()

    events = list(parsed(b"".join(map(reader.feed, frames)) + reader.close()))

    types = [event["type"] for event in events]
    assert types.count("message_start") == (1 if events else 0)
    assert ("message_stop" in types) == (bool(events) and reader.failure is None)
    assert_blocks_are_whole_and_in_order(events, may_end_inside=reader.failure is not None)


def assert_blocks_are_whole_and_in_order(events: list[dict[str, Any]], *, may_end_inside: bool) -> None:
    started, stopped = 0, 0
    for event in events:
        match event["type"]:
            case "content_block_start":
                assert event["index"] == started == stopped
                started += 1
            case "content_block_delta":
                assert event["index"] == started - 1 == stopped
            case "content_block_stop":
                assert event["index"] == started - 1 == stopped
                stopped += 1
    assert started == stopped or may_end_inside


def test_usage_is_complete_in_the_last_delta_and_zero_before() -> None:
    events = list(parsed(stream().feed(samples.upstream_stream("usage_with_cache_writes_of_both_lifetimes"))))

    assert set(events[0]["message"]["usage"]) == set(events[-2]["usage"])
    assert events[0]["message"]["usage"]["output_tokens"] == 0
    assert events[-2]["usage"] == {
        "input_tokens": 5,
        "cache_creation_input_tokens": 700,
        "cache_read_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 500},
        "output_tokens": 3,
    }


def test_nothing_follows_a_failure() -> None:
    reader = stream()
    reader.feed(samples.upstream_stream("throttled_in_mid_stream"))
    failure = reader.failure

    assert reader.feed(samples.upstream_stream("text_in_one_piece")) == b""
    assert reader.close() == b""
    assert reader.failure is failure
