"""What all protocols' pass-through readers share: whole events in, whole events out, one failure at most."""

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TypeVar

import msgspec
from msgspec import Raw

from opencode_router.errors import RouterError, StreamCut, UpstreamFailed
from opencode_router.relay.sse import WholeEvents, data_of, event_around, last_events
from opencode_router.usage.tokens import Tokens

T = TypeVar("T")
ANSWER = msgspec.json.Decoder(dict[str, Raw])
CLOSING_EVENTS = 3
"""Usage, end and error come within the last three events of a stream, and so of the read that brings them."""
MODEL = re.compile(rb'"model"\s*:\s*"(?:[^"\\]|\\.)*"')
"""The key and its value; within a JSON string its quotes would be escaped."""


class NativeStream(ABC):
    """A StreamReader whose output is its input, but for what `read` changes."""

    def __init__(self, *, model: str) -> None:
        self.counts = Tokens(is_estimate=True)
        """What the upstream has reported; an estimate until `read` has seen the last report."""
        self.failure: RouterError | None = None
        self.is_done = False
        """Set by `read` at the stream's own last event."""
        self.model_member = b'"model":' + msgspec.json.encode(model)
        self._upstream_member: bytes | None = None
        self._whole = WholeEvents()
        self._bytes_seen = 0
        self._event_bytes = 1

    @abstractmethod
    def read(self, events: bytes, tail: bytes) -> bytes:
        """Reads whole events in passing and returns them as the caller should see them.

        `tail` is the end of `events`: whatever a protocol says once, at its end, stands there.
        """

    def renamed_throughout(self, events: bytes) -> bytes:
        """For protocols that name the model in more events than one; the first shows how the upstream writes it."""
        if self._upstream_member is None:
            if (found := MODEL.search(events)) is None:
                return events
            self._upstream_member = found.group()
        return events.replace(self._upstream_member, self.model_member)

    @property
    def tokens(self) -> Tokens:
        """Without a report, one token for every event of the newest one's size."""
        if not self.counts.is_estimate:
            return self.counts
        return replace(self.counts, output=max(self.counts.output, self._bytes_seen // self._event_bytes))

    def feed(self, data: bytes) -> bytes:
        if self.failure:
            return b""
        try:
            events = self._whole.feed(data)
            if not events:
                return b""
            self._bytes_seen += len(events)
            self._event_bytes = len(last_events(events, 1))
            return self.read(events, last_events(events, CLOSING_EVENTS))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.failure = UpstreamFailed("the model's stream could not be read")
        except UpstreamFailed as error:
            self.failure = error
        return b""

    def close(self) -> bytes:
        if not self.is_done and not self.failure:
            self.failure = StreamCut()
        return b""


def json_of_event(events: bytes, position: int, shape: type[T]) -> tuple[T, int, int]:
    """The data of the event around `position`, and where that event starts and ends."""
    start, end = event_around(events, position)
    return msgspec.json.decode(data_of(events[start:end]), type=shape), start, end


def answer_fields(body: bytes) -> dict[str, Raw]:
    """The members of a whole answer, unparsed. Raises UpstreamFailed when it is not a JSON object."""
    try:
        return ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UpstreamFailed("the model's answer could not be read") from error


def renamed(fields: dict[str, Raw], model: str) -> bytes:
    """The answer again, under the caller's name for the model."""
    return msgspec.json.encode({**fields, "model": model})
