"""What the static upstream says, rendered once: streams of 200 pieces of text, and whole answers.

Shapes: OpenAI API reference, "The chat completion chunk object"; Anthropic API reference, "Streaming messages"; Amazon
Bedrock API reference, "ConverseStream" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence

import msgspec

from bench.http1 import END_OF_CHUNKS, chunk, chunked_head, response
from opencode_local.bedrock.frames import event_frame

PIECES = 200
"""Of text in one stream; the few events around them come on top."""
WRITES = 4
"""In which a stream leaves."""
WORDS = ("The", " gateway", " carries", " each", " piece", " of", " text", " as", " it", " comes")
PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""Bedrock pads every event by a different length, so that sizes tell nothing of the text."""
SSE = "text/event-stream; charset=utf-8"
FRAMES = "application/vnd.amazon.eventstream"
TEXT = "".join(WORDS) + "."
CHAT_ENVELOPE = {"id": "chatcmpl-0123456789", "object": "chat.completion.chunk", "created": 1790000000, "model": "m"}

Json = Mapping[str, object]


def streamed(events: Sequence[bytes], content_type: str) -> Sequence[bytes]:
    """The writes of one response: the events in a few HTTP chunks."""
    size = -(-len(events) // WRITES)
    parts = [chunk(b"".join(events[start : start + size])) for start in range(0, len(events), size)]
    return [chunked_head(content_type) + parts[0], *parts[1:-1], parts[-1] + END_OF_CHUNKS]


def words() -> Sequence[str]:
    return [WORDS[place % len(WORDS)] for place in range(PIECES)]


def chat_event(delta: Json, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return sse({**CHAT_ENVELOPE, "choices": [choice], "usage": None})


def chat_stream() -> Sequence[bytes]:
    usage = {"prompt_tokens": 20, "completion_tokens": PIECES, "total_tokens": 20 + PIECES}
    events = [
        chat_event({"role": "assistant", "content": ""}),
        *(chat_event({"content": word}) for word in words()),
        chat_event({}, "stop"),
        sse({**CHAT_ENVELOPE, "choices": [], "usage": usage}),
        b"data: [DONE]\n\n",
    ]
    return streamed(events, SSE)


def messages_stream() -> Sequence[bytes]:
    usage = {"input_tokens": 20, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    deltas = [{"index": 0, "delta": {"type": "text_delta", "text": word}} for word in words()]
    stop: Json = {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": PIECES}}
    events = [
        named("message_start", {"message": message}),
        named("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
        *(named("content_block_delta", delta) for delta in deltas),
        named("content_block_stop", {"index": 0}),
        named("message_delta", stop),
        named("message_stop", {}),
    ]
    return streamed(events, SSE)


def converse_stream() -> Sequence[bytes]:
    deltas = [{"contentBlockIndex": 0, "delta": {"text": word}} for word in words()]
    usage = {"inputTokens": 20, "outputTokens": PIECES, "totalTokens": 20 + PIECES}
    events: Sequence[tuple[str, Json]] = [
        ("messageStart", {"role": "assistant"}),
        *(("contentBlockDelta", delta) for delta in deltas),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 900}}),
    ]
    return streamed([padded_frame(place, *event) for place, event in enumerate(events)], FRAMES)


def padded_frame(place: int, event_type: str, body: Json) -> bytes:
    padding = PADDING[: 1 + place * 7 % len(PADDING)]
    return event_frame(event_type, msgspec.json.encode({**body, "p": padding}))


def chat_answer() -> bytes:
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    return whole({**CHAT_ENVELOPE, "object": "chat.completion", "choices": [choice], "usage": usage})


def messages_answer() -> bytes:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 20, "output_tokens": 10},
    }
    return whole(body)


def converse_answer() -> bytes:
    body = {
        "output": {"message": {"role": "assistant", "content": [{"text": TEXT}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 20, "outputTokens": 10, "totalTokens": 30},
        "metrics": {"latencyMs": 900},
    }
    return whole(body)


def sse(body: Json) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def named(event_type: str, body: Json) -> bytes:
    return f"event: {event_type}\n".encode() + sse({"type": event_type, **body})


def whole(body: Json) -> bytes:
    return response(msgspec.json.encode(body))
