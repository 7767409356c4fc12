"""Reads a ConverseStream and has it written in a client's protocol, block by block.

A piece of text keeps the JSON string in which it came, so that neither decoding nor encoding can change it; whatever
surrounds it is encoded once per content block.

Source: Amazon Bedrock API reference, "ConverseStreamOutput" (read 2026-11-21).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import msgspec
from msgspec import Raw

from opencode_router.bedrock.event_stream import Decoder, Frame, frame_failure
from opencode_router.errors import RouterError, StreamCut, UpstreamFailed
from opencode_router.translate.converse_outcome import ending, estimate, tokens
from opencode_router.usage.tokens import Tokens
from opencode_router.wire import converse_events as wire

SLOT = Raw(b"\0")
"""Where a piece goes in an encoded event; JSON never holds a bare NUL."""
EMPTY = b'""'
QUOTE = ord('"')


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


TEXT = Kind.TEXT
"""Reaching through the class costs on every event."""


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
            for frame in self._decoder.feed(data):
                written.append(self._read(frame))
        except RouterError as error:
            self.failure = error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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

    def _read(self, frame: Frame) -> bytes:
        """Raises RouterError, DecodeError, UnicodeDecodeError."""
        headers, payload = frame
        match headers.event_type:
            case "contentBlockDelta":
                return self._delta(payload)
            case "contentBlockStart":
                self._expect(Phase.WRITING, headers.event_type)
                return self._block_start(wire.decode_block_start(payload))
            case "contentBlockStop":
                self._expect(Phase.WRITING, headers.event_type)
                return self._replace(Block())
            case "messageStart" | "messageStop" | "metadata":
                return self._turn(headers.event_type, payload)
            case None:
                raise frame_failure(frame)
        return b""

    def _turn(self, event_type: str, payload: bytes) -> bytes:
        """The three events that change the phase."""
        match event_type:
            case "messageStart":
                self._expect(Phase.BEFORE, event_type)
                self._phase = Phase.WRITING
                return self.start()
            case "messageStop":
                self._expect(Phase.WRITING, event_type)
                self._stop = wire.decode_message_stop(payload)
                self._phase = Phase.STOPPED
                return self._replace(Block())
        self._expect(Phase.STOPPED, event_type)
        self._reported = tokens(wire.decode_metadata(payload).usage)
        return self._end()

    def _expect(self, phase: Phase, event_type: str) -> None:
        if self._phase is not phase:
            raise UpstreamFailed(f"the model's stream sent {event_type} out of order")

    def _delta(self, payload: bytes) -> bytes:
        """The one event that comes by the hundred: a piece of the open text block is done with before all else."""
        if not payload.isascii():
            payload.decode()  # pieces pass undecoded, and must be UTF-8 all the same
        event = wire.decode_block_delta(payload)
        block, text = self._block, event.delta.text
        if text and block.kind is TEXT and block.index == event.content_block_index:
            return self._write(block, text)
        self._expect(Phase.WRITING, "contentBlockDelta")
        return self._other_delta(event.content_block_index, event.delta)

    def _other_delta(self, index: int, delta: wire.Delta) -> bytes:
        if delta.text:
            return self._piece(index, Kind.TEXT, delta.text)
        if delta.tool_use:
            return self._tool_input(index, delta.tool_use.input)
        if delta.reasoning_content:
            return self._reasoning(index, delta.reasoning_content)
        if delta.citation:
            opening = self._enter(index, Kind.TEXT)
            return opening + self.cite(delta.citation)
        return b""

    def _piece(self, index: int, kind: Kind, piece: Raw) -> bytes:
        if bytes(piece) == EMPTY:
            return b""
        opening = self._enter(index, kind)
        return opening + self._write(self._block, piece)

    def _write(self, block: Block, piece: Raw) -> bytes:
        text = bytes(piece)
        if text[0] != QUOTE:
            raise UpstreamFailed("an event of the model's stream has something else where text belongs")
        if text == EMPTY:
            return b""
        block.is_empty = False
        self._output_characters += len(text) - len(EMPTY)
        return text.join(block.parts)

    def _tool_input(self, index: int, piece: Raw) -> bytes:
        if self._block.index == index and self._block.kind is Kind.HIDDEN:
            return b""
        if self._block.index != index or self._block.kind is not Kind.TOOL:
            raise UpstreamFailed("the model's stream sent input for a tool that it had not named")
        return self._piece(index, Kind.TOOL, piece)

    def _reasoning(self, index: int, delta: wire.ReasoningDelta) -> bytes:
        """Clients replace a signature by the next piece of it, so that it has to leave in one piece."""
        if delta.text:
            return self._piece(index, Kind.REASONING, delta.text)
        opening = self._enter(index, Kind.REDACTED if delta.redacted_content else Kind.REASONING)
        self._block.signature += delta.signature
        self._block.redacted += delta.redacted_content
        return opening

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
