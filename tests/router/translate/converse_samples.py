"""The corpus: what Converse sends, and what each protocol's caller must get for it.

`converse/streams/NAME.json` lists events as `[event type, body]`; a body that is a string is JSON already. An exception
is `["!exception", type, body]`, an error frame `["!error", code, message]`. `converse_to_X/streams/NAME.sse` is the
exact stream, and a last comment line with what the gateway notes of it.

`converse/answers/NAME.json` is a whole response; `converse_to_X/answers/NAME.json` the answer, or the refusal.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import msgspec

from opencode_router.errors import RouterError, UpstreamFailed
from opencode_router.relay.reader import StreamReader
from opencode_router.usage.tokens import Tokens
from tests.router import event_frames

SAMPLES = Path(__file__).parents[2] / "samples/translate"
STREAMS = sorted(file.stem for file in (SAMPLES / "converse/streams").iterdir())
ANSWERS = sorted(file.stem for file in (SAMPLES / "converse/answers").iterdir())
Answer = Callable[[bytes], tuple[bytes, Tokens]]


def upstream_stream(name: str) -> bytes:
    events = msgspec.json.decode((SAMPLES / f"converse/streams/{name}.json").read_bytes(), type=list[list[object]])
    return b"".join(frame(*event) for event in events)


def frame(event_type: object, *rest: object) -> bytes:
    match event_type, rest:
        case "!exception", (str(exception_type), body):
            return event_frames.exception(exception_type, body)
        case "!error", (str(code), str(message)):
            return event_frames.error(code, message)
        case str(), (body,):
            return event_frames.event(event_type, body)
    raise AssertionError(f"not an event of the corpus: {event_type}")


def upstream_answer(name: str) -> bytes:
    return (SAMPLES / f"converse/answers/{name}.json").read_bytes()


def expected(direction: str, kind: str, name: str) -> bytes:
    suffix = "sse" if kind == "streams" else "json"
    return (SAMPLES / direction / kind / f"{name}.{suffix}").read_bytes()


def translated(reader: StreamReader, *pieces: bytes) -> bytes:
    """All that the caller gets for `pieces`, and a comment with the failure and the tokens."""
    events = b"".join(reader.feed(piece) for piece in pieces) + reader.close()
    return (
        events + b": " + msgspec.json.encode({"failure": told(reader.failure), "tokens": counts(reader.tokens)}) + b"\n"
    )


def answered(answer: Answer, body: bytes) -> bytes:
    """The answer and its tokens, or the refusal."""
    try:
        text, tokens = answer(body)
    except UpstreamFailed as error:
        return pretty({"failure": told(error)})
    return pretty({"answer": msgspec.json.decode(text), "tokens": counts(tokens)})


def told(error: RouterError | None) -> str | None:
    return None if error is None else f"{type(error).__name__}: {error.message}"


def counts(tokens: Tokens) -> dict[str, int]:
    """Those that are not zero."""
    return {name: count for name, count in asdict(tokens).items() if count}


def pretty(body: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(body), indent=1) + b"\n"
