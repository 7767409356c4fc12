"""Parameters of a Chat Completions request that Converse has no place for and that change nothing in the answer."""

from collections.abc import Iterable, Sequence

from opencode_router.catalogue.model import Model
from opencode_router.translate import request_metadata
from opencode_router.wire.openai_chat import ImagePart, Message, Request

TOP_LEVEL = (
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "seed",
    "store",
    "user",
)
"""They save time, keep statistics or, as `seed`, promise nothing. Source: OpenAI API reference (read 2026-11-21)."""


def hints(body: Request, model: Model) -> Sequence[str]:
    """Names of those that were given."""
    capabilities = model.capabilities
    found = [name for name in TOP_LEVEL if getattr(body, name) not in (None, False)]
    if not request_metadata.fits(body.metadata or {}):
        found.append("metadata")
    if not capabilities.structured_output and any(tool.function.strict for tool in body.tools or ()):
        found.append("tools.function.strict")
    if capabilities.cache_minimum_tokens is None and any(cache_marks(body)):
        found.append("cache_control")
    if any(message.name for message in body.messages):
        found.append("messages.name")
    if any(has_detail(message) for message in body.messages):
        found.append("messages.content.image_url.detail")
    return found


def cache_marks(body: Request) -> Iterable[object]:
    yield from (tool.cache_control for tool in body.tools or ())
    for message in body.messages:
        yield message.cache_control
        for part in message.content if isinstance(message.content, list) else ():
            yield getattr(part, "cache_control", None)


def has_detail(message: Message) -> bool:
    """An image comes with a wish for its resolution."""
    return isinstance(message.content, list) and any(
        isinstance(part, ImagePart) and part.image_url.detail not in {None, "auto"} for part in message.content
    )
