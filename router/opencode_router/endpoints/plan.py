"""What an endpoint decides before anything is sent: the call, and who reads its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from opencode_router.bedrock.client import Call
from opencode_router.catalogue.model import Model, Surface
from opencode_router.endpoints.envelope import Envelope
from opencode_router.errors import BadRequest
from opencode_router.relay.reader import StreamReader
from opencode_router.usage.exchange import Choice
from opencode_router.usage.tokens import Tokens
from opencode_router.wire import converse

IGNORED_HEADER = "x-ignored-parameters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What an endpoint knows of a request when it plans the call."""

    request: web.Request
    envelope: Envelope
    model: Model
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One call to Bedrock and how its answer becomes the caller's."""

    call: Call
    stream: Callable[[], StreamReader]
    """Reads a streamed answer."""
    answer: Callable[[bytes], tuple[bytes, Tokens]]
    """Reads a whole answer. Raises UpstreamFailed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Tells the caller what could not be passed on."""


def surface_for(
    model: Model, surfaces: Sequence[Surface], *, asked: str, available: Callable[[], Mapping[str, Model]]
) -> Surface:
    """The first of `surfaces` that the model has.

    Raises BadRequest when it has none of them, naming those of `available` that have one.
    """
    for surface in surfaces:
        if surface in model.surfaces:
            return surface
    others = [id_ for id_, other in available().items() if not set(surfaces).isdisjoint(other.surfaces)]
    message = f"{asked!r} is not served in this protocol; it has {', '.join(model.surfaces)}"
    raise BadRequest(f"{message}; served in it: {', '.join(others) or 'no model'}", param="model")


def converse_call(ask: Ask, request: converse.Request) -> Call:
    return Call(
        surface=Surface.CONVERSE,
        model_id=ask.choice.model_id,
        body=msgspec.json.encode(request),
        is_streaming=ask.envelope.is_streaming,
    )


def ignored_header(parameters: Sequence[str]) -> Mapping[str, str]:
    """Names the hints that Converse has no place for."""
    return {IGNORED_HEADER: ",".join(parameters)} if parameters else {}
