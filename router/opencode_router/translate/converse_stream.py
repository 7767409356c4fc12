"""Reads a ConverseStream and has it written in a client's protocol, block by block.

What one read brings is worked on as a whole wherever it can be, and what surrounds a piece of text is encoded once per
content block: a stream is hundreds of events that differ in a word.

Source: Amazon Bedrock API reference, "ConverseStreamOutput" (read 2026-11-21).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from operator import itemgetter
from typing import ClassVar

import msgspec
from msgspec import Raw

from opencode_router.bedrock.event_stream import Decoder, Headers, frame_failure
from opencode_router.errors import RouterError, StreamCut, UpstreamFailed
from opencode_router.translate.converse_outcome import ending, estimate, tokens
from opencode_router.usage.tokens import Tokens
from opencode_router.wire import converse_events as wire

SLOT = Raw(b"\0")
"""Where a piece goes in an encoded event; JSON never holds a bare NUL."""
EMPTY = b'""'
ENCODER = msgspec.json.Encoder()
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
headers_of = itemgetter(0)


class Phase(Enum):
    """How far the stream has come."""

    BEFORE = 0
    WRITING = 1
    STOPPED = 2
    """The model has stopped; its usage is still to come."""
    ENDED = 3


class Kind(Enum):
    """What a content block holds."""

    TEXT = 0
    TOOL = 1
    REASONING = 2
    REDACTED = 3
    HIDDEN = 4
    """Tools that Bedrock runs itself, their results, images: neither protocol lets us pass them on."""


@dataclass(slots=True, kw_only=True)
class Block:
    """The content block being written."""

    index: int = -1
    """Converse's."""
    kind: Kind = Kind.HIDDEN
    tool_id: str = ""
    tool_name: str = ""
    parts: tuple[bytes, ...] = ()
    """An encoded event cut where a piece belongs; `piece.join(parts)` is the event."""
    is_empty: bool = True
    signature: str = ""
    redacted: bytes = b""


class ConverseStream(ABC):
    """A StreamReader for ConverseStream; a subclass says how its protocol writes each thing.

    Blocks come one after the other; one that is not stopped ends where the next begins. Empty pieces are left out.
    Events of unknown types are passed over.
    """

    stop_reasons: ClassVar[Mapping[str, str]]

    def __init__(self) -> None:
        self.failure: RouterError | None = None
        self.tool_count = 0
        self._decoder = Decoder()
        self._phase = Phase.BEFORE
        self._block = Block()
        self._stop = wire.MessageStop(stop_reason="")
        self._reported: Tokens | None = None
        self._output_characters = 0

    @property
    def tokens(self) -> Tokens:
        return self._reported or estimate(self._output_characters)

    def feed(self, data: bytes) -> bytes:
        if self.failure is not None:
            return b""
        written: list[bytes] = []
        try:
            for headers, frames in groupby(self._decoder.feed(data), key=headers_of):
                self._read(headers, [payload for _, payload in frames], written)
            self.failure = self._decoder.failure
        except RouterError as error:
            self.failure = error
        except UNREADABLE:
            self.failure = UpstreamFailed("an event of the model's stream could not be read")
        return b"".join(written)

    def close(self) -> bytes:
        if self.failure is None and self._phase is Phase.STOPPED:
            try:
                return self._end()
            except UpstreamFailed as error:
                self.failure = error
        elif self.failure is None and self._phase is not Phase.ENDED:
            self.failure = StreamCut()
        return b""

    @abstractmethod
    def start(self) -> bytes:
        """The beginning of the answer."""

    @abstractmethod
    def open(self, block: Block) -> bytes:
        """The beginning of `block`, whose `parts` this sets."""

    @abstractmethod
    def finish(self, block: Block) -> bytes:
        """The end of `block`."""

    @abstractmethod
    def cite(self, citation: wire.Citation) -> bytes:
        """A citation in the open text block."""

    @abstractmethod
    def end(self, stop_reason: str, stop_sequence: str | None) -> bytes:
        """The end of the answer, whose `tokens` are as exact as they will be."""

    def _read(self, headers: Headers, payloads: list[bytes], written: list[bytes]) -> None:
        """Adds to `written` what consecutive events of one type become. Raises RouterError, UNREADABLE."""
        if headers.event_type is None:
            raise frame_failure((headers, payloads[0]))
        if headers.event_type == "contentBlockDelta":
            self._expect(Phase.WRITING, headers.event_type)
            self._deltas(payloads, written)
        else:
            for payload in payloads:
                written.append(self._event(headers.event_type, payload))

    def _event(self, event_type: str, payload: bytes) -> bytes:
        match event_type:
            case "messageStart":
                self._expect(Phase.BEFORE, event_type)
                self._phase = Phase.WRITING
                return self.start()
            case "contentBlockStart":
                self._expect(Phase.WRITING, event_type)
                return self._block_start(wire.decode_block_start(payload))
            case "contentBlockStop":
                self._expect(Phase.WRITING, event_type)
                return self._replace(Block())
            case "messageStop":
                self._expect(Phase.WRITING, event_type)
                self._stop = wire.decode_message_stop(payload)
                self._phase = Phase.STOPPED
                return self._replace(Block())
            case "metadata":
                self._expect(Phase.STOPPED, event_type)
                self._reported = tokens(wire.decode_metadata(payload).usage)
                return self._end()
        return b""

    def _expect(self, phase: Phase, event_type: str) -> None:
        if self._phase is not phase:
            raise UpstreamFailed(f"the model's stream sent {event_type} out of order")

    def _deltas(self, payloads: list[bytes], written: list[bytes]) -> None:
        """The one event that comes by the hundred: all that one read has brought is decoded at once.

        When that fails, one after the other, so that those before the unreadable one are still written.
        """
        try:
            events = wire.decode_block_deltas(b"[%b]" % b",".join(payloads))
            if len(events) != len(payloads):
                raise msgspec.DecodeError("an event that is JSON only together with its neighbours")
        except UNREADABLE:
            if len(payloads) == 1:
                raise
            for payload in payloads:
                self._deltas([payload], written)
            return
        texts = [text for event in events if (text := event.delta.text) is not None]
        if len(texts) == len(events) and len({event.content_block_index for event in events}) == 1:
            written += self._pieces(events[0].content_block_index, Kind.TEXT, texts)
        else:
            for event in events:
                written += self._delta(event.content_block_index, event.delta)

    def _delta(self, index: int, delta: wire.Delta) -> Iterable[bytes]:
        if delta.text is not None:
            return self._pieces(index, Kind.TEXT, [delta.text])
        if delta.tool_use:
            return self._tool_input(index, delta.tool_use.input)
        if delta.reasoning_content:
            return self._reasoning(index, delta.reasoning_content)
        if delta.citation:
            return self._enter(index, Kind.TEXT), self.cite(delta.citation)
        return ()

    def _pieces(self, index: int, kind: Kind, texts: list[str]) -> Iterable[bytes]:
        pieces = ENCODER.encode_lines(filter(None, texts)).splitlines()
        if not pieces:
            return ()
        opening = self._enter(index, kind)
        self._block.is_empty = False
        self._output_characters += sum(map(len, texts))
        return opening, *[piece.join(self._block.parts) for piece in pieces]

    def _tool_input(self, index: int, text: str) -> Iterable[bytes]:
        if self._block.index == index and self._block.kind is Kind.HIDDEN:
            return ()
        if self._block.index != index or self._block.kind is not Kind.TOOL:
            raise UpstreamFailed("the model's stream sent input for a tool that it had not named")
        return self._pieces(index, Kind.TOOL, [text])

    def _reasoning(self, index: int, delta: wire.ReasoningDelta) -> Iterable[bytes]:
        """Clients replace a signature by the next piece of it, so that it has to leave in one piece."""
        if delta.text is not None:
            return self._pieces(index, Kind.REASONING, [delta.text])
        opening = self._enter(index, Kind.REDACTED if delta.redacted_content else Kind.REASONING)
        self._block.signature += delta.signature
        self._block.redacted += delta.redacted_content
        return (opening,)

    def _block_start(self, event: wire.ContentBlockStart) -> bytes:
        tool, index = event.start.tool_use, event.content_block_index
        if tool is None or tool.type == wire.SERVER_TOOL:
            return self._replace(Block(index=index))
        self.tool_count += 1
        return self._replace(Block(index=index, kind=Kind.TOOL, tool_id=tool.tool_use_id, tool_name=tool.name))

    def _enter(self, index: int, kind: Kind) -> bytes:
        """Whatever must be written before a piece of this block can be; mostly nothing."""
        if self._block.index == index and self._block.kind is kind:
            return b""
        return self._replace(Block(index=index, kind=kind))

    def _replace(self, block: Block) -> bytes:
        finish = self.finish(self._block)
        self._block = block
        return finish + self.open(block)

    def _end(self) -> bytes:
        self._phase = Phase.ENDED
        stop_reason = ending(self.stop_reasons, self._stop.stop_reason, calls_tools=self.tool_count > 0)
        fields = self._stop.additional_model_response_fields
        return self.end(stop_reason, fields.stop_sequence if fields else None)
