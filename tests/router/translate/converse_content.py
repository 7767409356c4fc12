"""Made-up content: the same blocks as a whole Converse response and as a ConverseStream; and frames at random."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.router import event_frames

Json = dict[str, Any]

USAGE = {"inputTokens": 12, "outputTokens": 7, "totalTokens": 119, "cacheReadInputTokens": 100}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SOME_TEXT = TEXT.filter(bool)
INPUTS = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT, max_size=3)
DATA = st.binary(min_size=1, max_size=12).map(lambda data: base64.b64encode(data).decode())
IDS = st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)

BLOCKS: st.SearchStrategy[list[Json]] = st.lists(
    st.one_of(
        st.builds(lambda text: {"text": text}, TEXT),
        st.builds(
            lambda tool_use_id, name, value: {"toolUse": {"toolUseId": tool_use_id, "name": name, "input": value}},
            IDS,
            IDS,
            INPUTS,
        ),
        st.builds(
            lambda text, signature: {"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}},
            TEXT,
            DATA,
        ),
        st.builds(lambda text: {"reasoningContent": {"reasoningText": {"text": text}}}, SOME_TEXT),
        st.builds(lambda data: {"reasoningContent": {"redactedContent": data}}, DATA),
    ),
    max_size=5,
)


def answer_of(blocks: list[Json]) -> bytes:
    message = {"role": "assistant", "content": blocks}
    return json.dumps({"output": {"message": message}, "stopReason": "end_turn", "usage": USAGE}).encode()


def events_of(blocks: list[Json], draw: st.DataObject) -> bytes:
    """The stream in which the same answer might have come."""
    events = [
        ("messageStart", {"role": "assistant"}),
        *(event for index, block in enumerate(blocks) for event in block_events(index, block, draw)),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}}),
    ]
    return b"".join(event_frames.event(*event) for event in events)


def block_events(index: int, block: Json, draw: st.DataObject) -> Iterator[tuple[str, Json]]:
    for member in deltas(block, draw):
        yield "contentBlockDelta" if "delta" in member else "contentBlockStart", {"contentBlockIndex": index, **member}
    yield "contentBlockStop", {"contentBlockIndex": index}


def deltas(block: Json, draw: st.DataObject) -> Iterator[Json]:
    match block:
        case {"text": str(text)}:
            yield from ({"delta": {"text": piece}} for piece in pieces(text, draw))
        case {"toolUse": {"toolUseId": tool_use_id, "name": name, "input": value}}:
            yield {"start": {"toolUse": {"toolUseId": tool_use_id, "name": name}}}
            text = json.dumps(value) if value else ""
            yield from ({"delta": {"toolUse": {"input": piece}}} for piece in pieces(text, draw))
        case {"reasoningContent": {"reasoningText": reasoning}}:
            for piece in pieces(reasoning["text"], draw):
                yield {"delta": {"reasoningContent": {"text": piece}}}
            if "signature" in reasoning:
                yield {"delta": {"reasoningContent": {"signature": reasoning["signature"]}}}
        case {"reasoningContent": {"redactedContent": data}}:
            yield {"delta": {"reasoningContent": {"redactedContent": data}}}


def pieces(text: str, draw: st.DataObject) -> Iterator[str]:
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(text)), max_size=3)))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        yield text[start:end]


INDEX = st.integers(0, 2)
BODIES = st.one_of(
    st.builds(lambda index: {"contentBlockIndex": index}, INDEX),
    st.builds(lambda index, text: {"contentBlockIndex": index, "delta": {"text": text}}, INDEX, TEXT),
    st.builds(lambda index, text: {"contentBlockIndex": index, "delta": {"toolUse": {"input": text}}}, INDEX, TEXT),
    st.builds(
        lambda index, name: {"contentBlockIndex": index, "start": {"toolUse": {"toolUseId": "a", "name": name}}},
        INDEX,
        TEXT,
    ),
    st.builds(
        lambda index, member: {"contentBlockIndex": index, "delta": {"reasoningContent": member}},
        INDEX,
        st.sampled_from([{"text": "a"}, {"signature": "b"}, {"redactedContent": "YQ=="}, {"redactedContent": "?"}, {}]),
    ),
    st.sampled_from(["end_turn", "tool_use", "malformed_tool_use", ""]).map(lambda reason: {"stopReason": reason}),
    st.just({"role": "assistant"}),
    st.just({"usage": USAGE}),
    st.sampled_from(["", "null", "[]", "{", "5", '{"delta": 5}', '{"usage": {}}']),
)
TYPES = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata", "new")
STARTED = event_frames.event("messageStart", {"role": "assistant"})
ANY_FRAME = st.one_of(
    st.builds(event_frames.event, st.sampled_from(TYPES), BODIES),
    st.builds(event_frames.exception, st.sampled_from(["throttlingException", "odd"]), BODIES),
    st.binary(max_size=20),
)
SOME_FRAMES: st.SearchStrategy[list[bytes]] = st.tuples(
    st.sampled_from([[], [STARTED]]), st.lists(ANY_FRAME, max_size=12)
).map(lambda frames: [*frames[0], *frames[1]])
