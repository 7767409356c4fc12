"""Frames: whole, split, damaged, and held against botocore's decoder."""

import tracemalloc

import pytest
from botocore.eventstream import EventStreamBuffer, ParserError
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_router.bedrock.event_stream import HEADERS, PRELUDES, Decoder, Frame, FrameCorrupt, frame_failure
from opencode_router.errors import ContextTooLong, RouterError, Throttled, UpstreamFailed
from tests.router import event_frames
from tests.router.event_frames import Typed

LARGEST_FRAME_BYTES = 16 * 2**20

HEADER_VALUES = st.one_of(
    st.just(Typed((0, True))),
    st.just(Typed((1, False))),
    st.integers(-(2**7), 2**7 - 1).map(lambda value: Typed((2, value))),
    st.integers(-(2**15), 2**15 - 1).map(lambda value: Typed((3, value))),
    st.integers(-(2**31), 2**31 - 1).map(lambda value: Typed((4, value))),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: Typed((5, value))),
    st.binary(max_size=300).map(lambda value: Typed((6, value))),
    st.text(max_size=100).map(lambda value: Typed((7, value))),
    st.integers(0, 2**45).map(lambda value: Typed((8, value))),
    st.binary(min_size=16, max_size=16).map(lambda value: Typed((9, value))),
)
HEADER_BLOCKS = st.dictionaries(st.text(min_size=1, max_size=30), HEADER_VALUES, max_size=8)
FRAMES = st.builds(event_frames.frame, HEADER_BLOCKS, st.binary(max_size=400))
THREE_EVENTS = (
    event_frames.event("messageStart", {"role": "assistant"}),
    event_frames.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Grüße"}}),
    event_frames.exception("throttlingException", {"message": "slow down"}),
)


def decoded(*pieces: bytes) -> list[Frame]:
    decoder = Decoder()
    return [frame for piece in pieces for frame in decoder.feed(piece)]


def refusal(data: bytes) -> FrameCorrupt:
    decoder = Decoder()
    assert decoder.feed(data) == []
    assert decoder.failure is not None
    return decoder.failure


def only_failure(data: bytes) -> RouterError:
    (frame,) = decoded(data)
    return frame_failure(frame)


def test_a_frame_gives_its_headers_and_its_payload() -> None:
    ((headers, payload),) = decoded(THREE_EVENTS[1])

    assert headers.message_type == "event"
    assert headers.event_type == "contentBlockDelta"
    assert headers.exception_type is None
    assert headers.values[":content-type"] == "application/json"
    assert payload == '{"contentBlockIndex": 0, "delta": {"text": "Grüße"}}'.encode()


def test_a_frame_without_headers_or_payload_is_a_frame() -> None:
    ((headers, payload),) = decoded(event_frames.frame({}, b""))

    assert (dict(headers.values), headers.event_type, payload) == ({}, None, b"")


def test_headers_cannot_be_changed_by_one_reader_for_the_next() -> None:
    ((headers, _),) = decoded(THREE_EVENTS[0])

    with pytest.raises(TypeError):
        headers.values[":event-type"] = "metadata"  # type: ignore[index]  # the point of the test


def test_two_splits_anywhere_give_the_same_frames() -> None:
    data = b"".join(THREE_EVENTS)
    whole = decoded(data)

    assert len(whole) == 3
    for first in range(0, len(data), 7):
        for second in range(first, len(data), 5):
            assert decoded(data[:first], data[first:second], data[second:]) == whole


def test_bytes_that_come_one_at_a_time_give_the_same_frames() -> None:
    data = b"".join(THREE_EVENTS)

    assert decoded(*(data[position : position + 1] for position in range(len(data)))) == decoded(data)


@settings(deadline=None)
@given(st.lists(FRAMES, max_size=5), st.data())
def test_any_frames_split_anyhow_are_what_botocore_reads(frames: list[bytes], draw: st.DataObject) -> None:
    data = b"".join(frames)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    reference = EventStreamBuffer()
    reference.add_data(data)

    ours = [(dict(headers.values), payload) for headers, payload in decoded(*pieces)]

    assert ours == [(message.headers, message.payload) for message in reference]


def test_a_damaged_byte_never_yields_a_frame_that_was_not_sent() -> None:
    data = b"".join(THREE_EVENTS)
    whole = decoded(data)

    for position in range(len(data)):
        for flipped_bits in (0x01, 0x80, 0xFF):
            damaged = data[:position] + bytes([data[position] ^ flipped_bits]) + data[position + 1 :]
            frames = decoded(damaged)
            assert len(frames) < 3
            assert frames == whole[: len(frames)]


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_noise_is_refused_or_waited_for_as_botocore_does(noise: bytes) -> None:
    reference = EventStreamBuffer()
    reference.add_data(noise)
    try:
        expected = len(list(reference))
    except ParserError:
        expected = 0

    assert len(decoded(noise)) == expected


def test_the_frames_before_the_damage_come_out_first() -> None:
    decoder = Decoder()

    ((headers, _),) = decoder.feed(THREE_EVENTS[0] + b"\xff" * 100)

    assert headers.event_type == "messageStart"
    assert isinstance(decoder.failure, FrameCorrupt)
    assert decoder.feed(THREE_EVENTS[0]) == []


def test_a_bad_prelude_is_found_before_the_frame_is_whole() -> None:
    assert "prelude" in refusal(b"\x00\x10\x00\x00" + b"\x00" * 8).message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (event_frames.sealed(15, b"", b""), "15 bytes"),
        (event_frames.sealed(0, b"", b""), "0 bytes"),
        (event_frames.sealed(LARGEST_FRAME_BYTES + 1, b"", b""), "16777217 bytes"),
        (event_frames.sealed(2**32 - 1, b"", b""), "4294967295 bytes"),
        (event_frames.sealed(20, b"", b"abcd", headers_bytes=5), "5 bytes of headers"),
        (event_frames.sealed(2**20, b"", b"", headers_bytes=2**17 + 1), "131073 bytes of headers"),
        (event_frames.sealed(17, b"\x05", b""), "longer than the headers"),
        (event_frames.sealed(20, b"\x01a\x07\x00", b""), "unreadable headers"),
        (event_frames.sealed(21, b"\x01a\x07\x00\x01", b""), "longer than the headers"),
        (event_frames.sealed(20, b"\x01a\x04\x00", b""), "unreadable headers"),
        (event_frames.sealed(18, b"\x01a", b""), "unreadable headers"),
        (event_frames.sealed(19, b"\x01a\x09", b""), "longer than the headers"),
        (event_frames.sealed(19, b"\x01a\x0a", b""), "unknown header type 10"),
        (event_frames.sealed(19, b"\x01\xff\x00", b""), "unreadable headers"),
        (event_frames.sealed(18, b"\x00\x00", b""), "empty or repeated header name ''"),
        (event_frames.sealed(22, b"\x01a\x00\x01a\x01", b""), "empty or repeated header name 'a'"),
    ],
)
def test_a_frame_that_breaks_the_format_is_refused_by_what_is_wrong(data: bytes, reason: str) -> None:
    refused = refusal(data)

    assert reason in refused.message
    assert (refused.code, refused.status) == ("upstream_stream_corrupt", 502)


def test_a_frame_of_the_largest_size_is_read() -> None:
    payload = bytes(LARGEST_FRAME_BYTES - 16)

    ((_, received),) = decoded(event_frames.frame({}, payload))

    assert received == payload


def test_a_large_frame_in_small_pieces_is_put_together_once() -> None:
    data = event_frames.frame({}, bytes(2**20))
    decoder = Decoder()
    tracemalloc.start()
    for start in range(0, 2**20, 2**10):
        assert decoder.feed(data[start : start + 2**10]) == []
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(decoder.feed(data[2**20 :])) == 1
    assert peak_bytes < 1.5 * 2**20, "pieces are joined while the frame is still incomplete"


def test_ever_new_headers_are_not_remembered_for_ever() -> None:
    frames = [event_frames.frame({"n": Typed((4, number))}, bytes(number)) for number in range(3000)]

    assert [headers.values["n"] for headers, _ in decoded(*frames)] == list(range(3000))
    assert len(HEADERS) <= 64
    assert len(PRELUDES) <= 1024


def test_an_exception_frame_is_the_error_it_names() -> None:
    failure = only_failure(THREE_EVENTS[2])

    assert isinstance(failure, Throttled)
    assert (failure.message, failure.retry_after_s) == ("slow down", 1)


def test_an_exception_about_the_length_of_the_prompt_says_so() -> None:
    data = event_frames.exception("validationException", {"message": "Input is too long for requested model."})

    assert isinstance(only_failure(data), ContextTooLong)


def test_a_model_stream_error_tells_the_models_own_message_too() -> None:
    body = {"message": "The model failed", "originalStatusCode": 500, "originalMessage": "out of memory"}

    failure = only_failure(event_frames.exception("modelStreamErrorException", body))

    assert type(failure) is UpstreamFailed
    assert failure.message == "The model failed: out of memory"


@pytest.mark.parametrize("payload", ["", "not JSON", "[]", '{"message": 5}'])
def test_an_exception_that_cannot_be_read_is_named_at_least(payload: str) -> None:
    failure = only_failure(event_frames.exception("internalServerException", payload))

    assert type(failure) is UpstreamFailed
    assert failure.message == "the model failed with internalServerException"


def test_an_error_frame_is_the_error_its_headers_name() -> None:
    failure = only_failure(event_frames.error("ServiceUnavailableException", "come back later"))

    assert (failure.status, failure.message) == (503, "come back later")


def test_a_message_of_no_known_type_is_a_failure() -> None:
    failure = only_failure(event_frames.frame({}, b"{}"))

    assert type(failure) is UpstreamFailed
