"""Converse's answers as Chat Completions: the corpus, every split, the openai SDK, and anything at all."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import OpenAI

from opencode_router.translate import converse_to_chat
from opencode_router.usage.tokens import Tokens
from tests.router.translate import converse_samples as samples
from tests.router.translate.converse_content import BLOCKS, SOME_FRAMES, Json, answer_of, events_of


def stream(*, include_usage: bool = True) -> converse_to_chat.Stream:
    return converse_to_chat.Stream("chatcmpl-1", "sonnet", 1795000000, include_usage=include_usage)


def answer(body: bytes) -> tuple[bytes, Tokens]:
    return converse_to_chat.answer(body, completion_id="chatcmpl-1", model="sonnet", created=1795000000)


def chunks(events: bytes) -> Iterator[dict[str, Any]]:
    for event in events.removesuffix(b"data: [DONE]\n\n").split(b"\n\n")[:-1]:
        yield json.loads(event.removeprefix(b"data: "))


def accumulated(events: bytes) -> Json:
    """What the openai SDK makes of a stream."""
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(200, content=events, headers={"content-type": "text/event-stream"})
    )
    client = OpenAI(api_key="oc_test", base_url="http://gateway/v1", http_client=httpx2.Client(transport=transport))
    with client, client.chat.completions.stream(model="sonnet", messages=[{"role": "user", "content": "hi"}]) as chat:
        return chat.get_final_completion().to_dict()


def comparable(completion: Json) -> Json:
    """Without what only one of the two forms has: nulls, `parsed`, and the index of a tool call."""
    choice = completion["choices"][0]
    message = {
        name: value
        for name, value in choice["message"].items()
        if value is not None and name not in ("parsed", "content", "tool_calls")
    }
    calls = [
        (call["id"], call["type"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in choice["message"].get("tool_calls") or ()
    ]
    content = choice["message"].get("content") or ""
    return {**message, "content": content, "calls": calls, "end": choice["finish_reason"], "usage": completion["usage"]}


@pytest.mark.parametrize("name", samples.STREAMS)
def test_a_stream_of_the_corpus_becomes_exactly_these_chunks(name: str) -> None:
    translated = samples.translated(stream(), samples.upstream_stream(name))

    assert translated == samples.expected("converse_to_chat", "streams", name)


@pytest.mark.parametrize("name", samples.STREAMS)
def test_how_the_upstreams_bytes_are_split_never_matters(name: str) -> None:
    data = samples.upstream_stream(name)
    whole = samples.expected("converse_to_chat", "streams", name)

    for cut in range(0, len(data), 7):
        assert samples.translated(stream(), data[:cut], data[cut:]) == whole
    assert samples.translated(stream(), *(data[at : at + 1] for at in range(len(data)))) == whole


@pytest.mark.parametrize("name", samples.ANSWERS)
def test_an_answer_of_the_corpus_becomes_exactly_this_completion(name: str) -> None:
    translated = samples.answered(answer, samples.upstream_answer(name))

    assert translated == samples.expected("converse_to_chat", "answers", name)


@settings(deadline=None)
@given(BLOCKS, st.data())
def test_the_openai_sdk_reads_from_a_stream_what_the_whole_answer_says(blocks: list[Json], draw: st.DataObject) -> None:
    reader = stream()
    events = reader.feed(events_of(blocks, draw)) + reader.close()
    body, tokens = answer(answer_of(blocks))

    assert reader.failure is None
    assert reader.tokens == tokens
    assert comparable(accumulated(events)) == comparable(json.loads(body))


@settings(deadline=None)
@given(SOME_FRAMES)
def test_no_sequence_of_frames_does_more_than_fail(frames: list[bytes]) -> None:
    reader = stream()

    events = b"".join(map(reader.feed, frames)) + reader.close()

    has_ended = events.endswith(b"data: [DONE]\n\n")
    assert has_ended == (b"[DONE]" in events)
    assert has_ended or reader.failure is not None
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks(events))
    assert reader.feed(frames[0] if frames else b"") == b"" or not has_ended


def test_usage_comes_only_when_asked_for() -> None:
    asked, unasked = stream(include_usage=True), stream(include_usage=False)
    data = samples.upstream_stream("text_in_one_piece")

    with_usage = list(chunks(asked.feed(data)))
    without_usage = list(chunks(unasked.feed(data)))

    assert with_usage[-1]["choices"] == []
    assert with_usage[-1]["usage"]["total_tokens"] == 19
    assert [chunk["usage"] for chunk in with_usage[:-1]] == [None] * (len(with_usage) - 1)
    assert all("usage" not in chunk and chunk["choices"] for chunk in without_usage)
    assert unasked.tokens == asked.tokens


def test_nothing_follows_a_failure() -> None:
    reader = stream()
    reader.feed(samples.upstream_stream("throttled_in_mid_stream"))
    failure = reader.failure

    assert reader.feed(samples.upstream_stream("text_in_one_piece")) == b""
    assert reader.close() == b""
    assert reader.failure is failure


def test_what_came_before_the_failure_in_the_same_bytes_is_passed_on() -> None:
    events = stream().feed(samples.upstream_stream("throttled_in_mid_stream"))

    assert [chunk["choices"][0]["delta"].get("content") for chunk in chunks(events)] == ["", "Hel"]


def test_a_stream_cut_short_has_an_estimate_of_what_it_wrote() -> None:
    reader = stream()
    reader.feed(samples.upstream_stream("stream_cut_in_a_text"))
    reader.close()

    assert reader.tokens == Tokens(output=3, is_estimate=True)


def test_a_nested_answer_too_deep_to_read_is_a_failure_and_no_crash() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    body = b'{"output":' + deep + b"}"

    assert b"UpstreamFailed" in samples.answered(answer, body)
