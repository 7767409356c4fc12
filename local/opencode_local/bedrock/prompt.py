"""What was asked, whichever protocol it was asked in."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = dict[str, Any]

BYTES_PER_TOKEN = 4
IMAGE_TOKENS = 1000
DEFAULT_TTL = "5m"
"""Of a cached prompt, where the request names none."""
DEFAULT_MAX_TOKENS = 200_000
REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
"""What Claude Code adds to its user's words."""


class NotAnObject(ValueError):
    """The text is not a JSON object."""


def json_object(content: bytes | str) -> Json:
    """Raises NotAnObject."""
    try:
        return msgspec.json.decode(content, type=dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnObject(str(error)) from error


def tokens(text: str) -> int:
    return max(1, -(-len(text.encode(errors="surrogatepass")) // BYTES_PER_TOKEN))


def canonical(value: object) -> str:
    """The same JSON text for equal values."""
    return msgspec.json.encode(value, order="deterministic").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One part of a prompt, in the order in which models read them: tools, system, messages."""

    text: str
    tokens: int
    cache_ttl: str | None = None
    """Set when a cache point follows: "5m" or "1h"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    name: str
    text: str
    is_error: bool


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A request that has passed the rules of its protocol."""

    model_id: str
    pieces: tuple[Piece, ...]
    user_text: str
    """All text of the last user message that has any."""
    replies_since: int
    """Assistant turns after that message."""
    tool_results: tuple[ToolResult, ...] = ()
    """What the last turn brings back, when no text of the user follows it."""
    tools: Mapping[str, Json] = field(default_factory=dict)
    """JSON schema of the arguments by tool name."""
    forced_tool: str | None = None
    is_reasoning: bool = False
    answer_schema: Json | None = None
    """JSON schema that the answer must follow, if one was given."""
    max_tokens: int = DEFAULT_MAX_TOKENS
    stop_sequences: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        return sum(piece.tokens for piece in self.pieces)

    @cached_property
    def digest(self) -> str:
        """Names this prompt; two prompts of one conversation differ."""
        text = "\0".join((self.model_id, *(piece.text for piece in self.pieces)))
        return sha256(text.encode(errors="surrogatepass")).hexdigest()


def text_piece(text: str, cache_ttl: str | None = None) -> Piece:
    return Piece(text=text, tokens=tokens(text), cache_ttl=cache_ttl)


def opaque_piece(content: str, cache_ttl: str | None = None) -> Piece:
    """An image or document, told from others by `content` but counted alike."""
    digest = sha256(content.encode()).hexdigest()
    return Piece(text=digest, tokens=IMAGE_TOKENS, cache_ttl=cache_ttl)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message, reduced to what decides the answer."""

    is_user: bool
    text: str
    results: tuple[ToolResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """What the answer is about."""

    user_text: str
    replies_since: int
    tool_results: tuple[ToolResult, ...]


def last_words(turns: Iterable[Turn]) -> LastWords:
    """The last user text, and the tool results that came after it. Consecutive user turns count as one."""
    text, replies, results = "", 0, tuple[ToolResult, ...]()
    for turn in _merged(turns):
        if not turn.is_user:
            replies, results = replies + 1, ()
        elif spoken := REMINDER.sub("", turn.text).strip():
            text, replies, results = spoken, 0, ()
        else:
            results = turn.results
    return LastWords(user_text=text, replies_since=replies, tool_results=results)


def _merged(turns: Iterable[Turn]) -> Iterator[Turn]:
    before: Turn | None = None
    for turn in turns:
        if before is not None and before.is_user and turn.is_user:
            before = Turn(
                is_user=True,
                text="\n".join(text for text in (before.text, turn.text) if text),
                results=before.results + turn.results,
            )
            continue
        if before is not None:
            yield before
        before = turn
    if before is not None:
        yield before
