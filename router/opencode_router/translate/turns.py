"""A conversation as Converse demands it: it begins with the user, roles alternate, every tool call is answered.

Source: Bedrock API reference, Message, and the ValidationExceptions Converse answers with (read 2026-11-21).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Generic, TypeVar

from opencode_router.errors import BadRequest
from opencode_router.wire import converse
from opencode_router.wire.anthropic_messages import CacheControl

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Piece(Generic[B_co]):
    """One block on its way to Converse."""

    block: B_co
    param: str
    """Where it stood in the request: "messages[2].content[0]"."""
    cache: CacheControl | None = None
    """Set when the prompt is to be cached up to and including this block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Everything one side said before the other side spoke."""

    role: converse.Role
    pieces: Sequence[Piece[converse.ContentBlock]]


OPENING = Turn(role="user", pieces=(Piece(block={"text": "(start of conversation)"}, param="messages"),))
"""Put before a conversation that the assistant opens, or that has instructions only; both callers' protocols allow
that and Converse does not."""
ATTACHMENT_NOTE: converse.TextBlock = {"text": "(see the attached document)"}
"""Converse refuses a document in a turn without text."""
NO_OUTPUT: converse.TextBlock = {"text": "(no output)"}
"""Bedrock refuses blank text in a tool result, and tools often print nothing."""


def cached_after(pieces: Sequence[Piece[B]], control: CacheControl | None) -> Sequence[Piece[B]]:
    """`pieces` with the mark, if any, put on the last."""
    if control is None or not pieces:
        return pieces
    return (*pieces[:-1], replace(pieces[-1], cache=control))


def refuse_blank_end(said: Sequence[tuple[converse.Role | None, Sequence[Piece[converse.ContentBlock]]]]) -> None:
    """Raises BadRequest when the user's last message says nothing: without it the model would speak to itself."""
    role, pieces = said[-1]
    if role == "user" and not pieces:
        raise BadRequest("the last message is blank", param=f"messages[{len(said) - 1}].content")


def turns(said: Iterable[tuple[converse.Role | None, Sequence[Piece[converse.ContentBlock]]]]) -> Sequence[Turn]:
    """Messages merged into alternating turns, the user's first; tool results lead their turn and tool calls end it.

    Messages without pieces, and those of nobody (instructions), vanish. Raises BadRequest naming the tool call
    without a result, or the result without a call.
    """
    spoken = [(role, pieces) for role, pieces in said if role and pieces]
    merged = [
        Turn(role=role, pieces=ordered([piece for _, pieces in group for piece in pieces]))
        for role, group in groupby(spoken, key=lambda message: message[0])
    ]
    opened = merged if merged and merged[0].role == "user" else [OPENING, *merged]
    check_pairing(opened)
    return opened


def ordered(pieces: Sequence[Piece[converse.ContentBlock]]) -> Sequence[Piece[converse.ContentBlock]]:
    """Tool results, all else in the order given, tool calls; a note after documents that come without text."""
    sorted_pieces = sorted(pieces, key=lambda piece: ("toolUse" in piece.block) - ("toolResult" in piece.block))
    documents = [piece for piece in pieces if "document" in piece.block]
    if documents and not any("text" in piece.block for piece in pieces):
        return (*sorted_pieces, Piece(block=ATTACHMENT_NOTE, param=documents[0].param))
    return sorted_pieces


def check_pairing(said: Sequence[Turn]) -> None:
    """Raises BadRequest unless each turn's tool calls are exactly those that the next turn answers, once each."""
    asked: Mapping[str, str] = {}
    used: frozenset[str] = frozenset()
    for turn in said:
        answered = results(turn)
        for tool_use_id, param in answered.items():
            if tool_use_id not in asked:
                raise BadRequest(f"no tool call {tool_use_id!r} stands in the turn before this result", param=param)
        refuse_unanswered(asked, answered)
        asked = calls(turn, used)
        used = used.union(asked)
    refuse_unanswered(asked, {})


def calls(turn: Turn, used: frozenset[str]) -> Mapping[str, str]:
    """Tool use ids of a turn, each with its place in the request. Raises BadRequest when one was `used` before."""
    found: dict[str, str] = {}
    for piece in turn.pieces:
        if "toolUse" in piece.block:
            tool_use_id = piece.block["toolUse"]["toolUseId"]
            if tool_use_id in used or tool_use_id in found:
                raise BadRequest(f"the tool call id {tool_use_id!r} comes twice", param=piece.param)
            found[tool_use_id] = piece.param
    return found


def results(turn: Turn) -> Mapping[str, str]:
    """Tool use ids that a turn answers, each with its place. Raises BadRequest when one is answered twice."""
    found: dict[str, str] = {}
    for piece in turn.pieces:
        if "toolResult" in piece.block:
            tool_use_id = piece.block["toolResult"]["toolUseId"]
            if tool_use_id in found:
                raise BadRequest(f"the tool call {tool_use_id!r} is answered twice", param=piece.param)
            found[tool_use_id] = piece.param
    return found


def refuse_unanswered(asked: Mapping[str, str], answered: Mapping[str, str]) -> None:
    for tool_use_id, param in asked.items():
        if tool_use_id not in answered:
            raise BadRequest(f"the tool call {tool_use_id!r} has no result in the next turn", param=param)


def called_tools(said: Iterable[Turn]) -> Sequence[str]:
    """Names of all tools called in the conversation, each once, in order."""
    blocks = (piece.block for turn in said for piece in turn.pieces)
    return list(dict.fromkeys(block["toolUse"]["name"] for block in blocks if "toolUse" in block))
