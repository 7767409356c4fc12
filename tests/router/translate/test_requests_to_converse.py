"""Requests of both protocols become Converse requests that Bedrock takes, or refusals that name the parameter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate import chat_to_converse, messages_to_converse
from opencode_router.translate.decoding import decoded
from opencode_router.wire import anthropic_messages, converse, openai_chat
from tests.router.translate.converse_validity import objections
from tests.router.translate.request_models import MODELS
from tests.router.translate.request_mutations import mutated
from tests.router.translate.request_samples import Sample, assert_sound, outcome, samples


@dataclass(frozen=True)
class Direction:
    """One protocol's way to Converse."""

    name: str
    decode: Callable[[bytes], Any]
    request: Callable[[Any, Model], converse.Request]
    ignored: Callable[[Any, Model], Sequence[str]]
    tool_with_schema: bytes
    """A body whose only tool has the schema put in for %b."""

    @property
    def corpus(self) -> list[Sample]:
        return samples(self.name)

    def translate(self, body: bytes, model: Model) -> tuple[converse.Request, list[str]]:
        request = decoded(body, self.decode)
        return self.request(request, model), list(self.ignored(request, model))


DIRECTIONS = [
    Direction(
        name="chat_to_converse",
        decode=openai_chat.decode,
        request=chat_to_converse.request,
        ignored=chat_to_converse.ignored,
        tool_with_schema=b'{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"x",'
        b'"parameters":%b}}]}',
    ),
    Direction(
        name="messages_to_converse",
        decode=anthropic_messages.decode,
        request=messages_to_converse.request,
        ignored=messages_to_converse.ignored,
        tool_with_schema=b'{"model":"m","max_tokens":1,"messages":[],"tools":[{"name":"x","input_schema":%b}]}',
    ),
]
EITHER_WAY = pytest.mark.parametrize("direction", DIRECTIONS, ids=lambda direction: direction.name)
EVERY_CASE = pytest.mark.parametrize(
    ("direction", "sample"),
    [
        pytest.param(direction, sample, id=f"{direction.name}-{sample.name}")
        for direction in DIRECTIONS
        for sample in direction.corpus
    ],
)
UNHURRIED = settings(
    max_examples=250, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@EVERY_CASE
def test_a_request_becomes_exactly_this_and_bedrock_takes_it(direction: Direction, sample: Sample) -> None:
    expected = sample.converse, sample.ignored, sample.error

    assert outcome(direction.translate, sample.body, MODELS[sample.model]) == expected
    if sample.converse:
        assert objections(sample.converse, MODELS[sample.model].bedrock_ids["region"]) == []


@EITHER_WAY
def test_the_corpus_is_large_and_its_names_are_distinct(direction: Direction) -> None:
    assert len([sample for sample in direction.corpus if sample.converse]) >= 60
    assert len({sample.name for sample in direction.corpus}) == len(direction.corpus)


@EITHER_WAY
def test_an_almost_right_request_is_either_taken_or_refused_by_name(direction: Direction) -> None:
    @UNHURRIED
    @given(request=mutated(direction.corpus), model=st.sampled_from(sorted(MODELS)))
    def is_sound(request: dict[str, object], model: str) -> None:
        assert_sound(direction.translate, msgspec.json.encode(request), MODELS[model])

    is_sound()


@EITHER_WAY
def test_a_body_that_is_no_json_is_refused(direction: Direction) -> None:
    starts = st.sampled_from(direction.corpus).flatmap(
        lambda sample: st.integers(0, len(sample.body)).map(lambda end: sample.body[:end])
    )

    @UNHURRIED
    @given(body=st.one_of(st.binary(max_size=60), starts))
    def is_sound(body: bytes) -> None:
        assert_sound(direction.translate, body, MODELS["plain"])

    is_sound()


@EITHER_WAY
@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"text"', b"{", b"\xff\xfe", b'{"model": "\xc3\x28"}', b'{"model": "\\ud800"}'],
    ids=["empty", "a list", "null", "a string", "cut short", "no utf-8", "half a character", "half a pair"],
)
def test_a_body_of_another_shape_is_a_bad_request(direction: Direction, body: bytes) -> None:
    with pytest.raises(BadRequest):
        direction.translate(body, MODELS["plain"])


@EITHER_WAY
def test_a_schema_nested_beyond_reason_is_a_bad_request(direction: Direction) -> None:
    nested = b'{"a":' * 50_000 + b"1" + b"}" * 50_000

    with pytest.raises(BadRequest, match="nested too deeply"):
        direction.translate(direction.tool_with_schema % nested, MODELS["plain"])


@EVERY_CASE
def test_translation_leaves_its_input_as_it_was(direction: Direction, sample: Sample) -> None:
    if sample.error:
        return
    request = decoded(sample.body, direction.decode)

    direction.request(request, MODELS[sample.model])

    assert request == decoded(sample.body, direction.decode)
