"""Chat Completions requests become Converse requests that Bedrock takes, or refusals that name the parameter."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate import chat_to_converse
from opencode_router.translate.decoding import decoded
from opencode_router.wire import converse, openai_chat
from tests.router.translate.converse_validity import objections
from tests.router.translate.request_models import MODELS
from tests.router.translate.request_mutations import mutated
from tests.router.translate.request_samples import Sample, assert_sound, outcome, samples

CORPUS = samples("chat_to_converse")
UNHURRIED = settings(
    max_examples=250, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def translate(body: bytes, model: Model) -> tuple[converse.Request, list[str]]:
    request = decoded(body, openai_chat.decode)
    return chat_to_converse.request(request, model), list(chat_to_converse.ignored(request, model))


@pytest.mark.parametrize("sample", CORPUS, ids=lambda sample: sample.name)
def test_a_request_becomes_exactly_this(sample: Sample) -> None:
    expected = sample.converse, sample.ignored, sample.error

    assert outcome(translate, sample.body, MODELS[sample.model]) == expected


@pytest.mark.parametrize("sample", [sample for sample in CORPUS if sample.converse], ids=lambda sample: sample.name)
def test_bedrock_takes_every_request_of_the_corpus(sample: Sample) -> None:
    assert objections(sample.converse, MODELS[sample.model].bedrock_ids["region"]) == []


def test_the_corpus_is_large_and_its_names_are_distinct() -> None:
    assert len([sample for sample in CORPUS if sample.converse]) >= 60
    assert len({sample.name for sample in CORPUS}) == len(CORPUS)


@UNHURRIED
@given(request=mutated(CORPUS), model=st.sampled_from(sorted(MODELS)))
def test_an_almost_right_request_is_either_taken_or_refused_by_name(request: dict[str, object], model: str) -> None:
    assert_sound(translate, msgspec.json.encode(request), MODELS[model])


@UNHURRIED
@given(
    body=st.one_of(
        st.binary(max_size=60),
        st.sampled_from(CORPUS).flatmap(
            lambda sample: st.integers(0, len(sample.body)).map(lambda end: sample.body[:end])
        ),
    )
)
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    assert_sound(translate, body, MODELS["plain"])


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"text"', b"{", b"\xff\xfe", b'{"model": "\xc3\x28"}', b'{"model": "\\ud800"}'],
    ids=["empty", "a list", "null", "a string", "cut short", "no utf-8", "half a character", "half a pair"],
)
def test_a_body_of_another_shape_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        translate(body, MODELS["plain"])


def test_a_schema_nested_beyond_reason_is_a_bad_request() -> None:
    nested = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
    body = b'{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"x","parameters":%b}}]}' % nested

    with pytest.raises(BadRequest, match="nested too deeply"):
        translate(body, MODELS["plain"])


def test_translation_leaves_its_input_as_it_was() -> None:
    for sample in (sample for sample in CORPUS if sample.converse):
        request = decoded(sample.body, openai_chat.decode)

        chat_to_converse.request(request, MODELS[sample.model])

        assert request == decoded(sample.body, openai_chat.decode)
