"""Where Converse is told to cache the prompt.

A request may have four cache points. Source: Amazon Bedrock user guide, "Prompt caching" (read 2026-11-21).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate.turns import Piece, Turn, cached_after
from opencode_router.wire import converse
from opencode_router.wire.anthropic_messages import CacheControl

B = TypeVar("B")
MAX_CACHE_POINTS = 4
CACHED_USER_TURNS = 2
"""The newest, to be read next time, and the one before, written last time."""
AUTOMATIC = CacheControl()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """All that can be cached, in the order in which Bedrock puts it together."""

    tools: Sequence[Piece[converse.Tool]]
    system: Sequence[Piece[converse.TextBlock]]
    turns: Sequence[Turn]


def placed(prompt: Prompt, model: Model) -> Prompt:
    """The prompt with the cache points it will have: the caller's own or, when it gave none, ours.

    Ours stand after the tools, after the system prompt and after each of the last two user turns. None on a model
    that cannot cache. Raises BadRequest when the caller gave more than four.
    """
    if model.capabilities.cache_minimum_tokens is None:
        return prompt
    given = [piece.param for piece in every_piece(prompt) if piece.cache]
    if len(given) > MAX_CACHE_POINTS:
        raise BadRequest(
            f"{len(given)} blocks have cache_control; at most {MAX_CACHE_POINTS} may", param=f"{given[4]}.cache_control"
        )
    return prompt if given else automatic(prompt)


def every_piece(
    prompt: Prompt,
) -> Iterable[Piece[converse.Tool] | Piece[converse.TextBlock] | Piece[converse.ContentBlock]]:
    yield from prompt.tools
    yield from prompt.system
    for turn in prompt.turns:
        yield from turn.pieces


def automatic(prompt: Prompt) -> Prompt:
    of_user = [index for index, turn in enumerate(prompt.turns) if turn.role == "user"]
    cached = frozenset(of_user[-CACHED_USER_TURNS:])
    return Prompt(
        tools=cached_after(prompt.tools, AUTOMATIC),
        system=cached_after(prompt.system, AUTOMATIC),
        turns=[
            replace(turn, pieces=cached_after(turn.pieces, AUTOMATIC)) if index in cached else turn
            for index, turn in enumerate(prompt.turns)
        ],
    )


def blocks(pieces: Iterable[Piece[B]], model: Model) -> Sequence[B | converse.CachePointBlock]:
    """The blocks themselves, each mark become a cache point where the model can cache."""
    can_cache = model.capabilities.cache_minimum_tokens is not None
    rendered: list[B | converse.CachePointBlock] = []
    for piece in pieces:
        rendered.append(piece.block)
        if piece.cache and can_cache:
            rendered.append({"cachePoint": cache_point(piece.cache, model)})
    return rendered


def cache_point(control: CacheControl, model: Model) -> converse.CachePoint:
    """A lifetime that the model does not offer becomes its default."""
    if control.ttl in model.capabilities.cache_ttls and control.ttl is not None:
        return {"type": "default", "ttl": control.ttl}
    return {"type": "default"}
