"""Parameters of a Messages request that Converse has no place for and that change nothing in the answer."""

from collections.abc import Iterable, Mapping, Sequence

from opencode_router.catalogue.model import Model, ReasoningStyle
from opencode_router.translate import request_metadata
from opencode_router.wire.anthropic_messages import Request, Text, ThinkingAdaptive

TOP_LEVEL = ("anthropic_beta", "context_management", "diagnostics", "user_profile_id")
"""Betas of Anthropic's own API, housekeeping of its caches and statistics."""


def labels(body: Request) -> Mapping[str, str]:
    """What `metadata` says, as labels of the call."""
    user_id = body.metadata.user_id if body.metadata else None
    return {} if user_id is None else {"user_id": user_id}


def hints(body: Request, model: Model) -> Sequence[str]:
    """Names of those that were given."""
    capabilities = model.capabilities
    found = [name for name in TOP_LEVEL if getattr(body, name)]
    if not request_metadata.fits(labels(body)):
        found.append("metadata.user_id")
    if capabilities.reasoning is ReasoningStyle.NONE and isinstance(body.thinking, ThinkingAdaptive):
        found.append("thinking")
    if body.output_config and body.output_config.effort and not has_use_for_effort(body, model):
        found.append("output_config.effort")
    if not capabilities.structured_output and any(tool.strict for tool in body.tools or ()):
        found.append("tools.strict")
    if any(tool.eager_input_streaming for tool in body.tools or ()):
        found.append("tools.eager_input_streaming")
    if capabilities.cache_minimum_tokens is None and any(cache_marks(body)):
        found.append("cache_control")
    if any(cited_blocks(body)):
        found.append("messages.content.citations")
    return found


def has_use_for_effort(body: Request, model: Model) -> bool:
    """The model takes a level, or is to think with a budget that the level decides."""
    has_budget = model.capabilities.reasoning is ReasoningStyle.BUDGET
    return bool(model.capabilities.efforts) or (has_budget and isinstance(body.thinking, ThinkingAdaptive))


def cited_blocks(body: Request) -> Iterable[Text]:
    """Earlier answers with the sources that they named; the model reads the answers again, not the sources' places."""
    for message in body.messages:
        for block in message.content if isinstance(message.content, list) else ():
            if isinstance(block, Text) and block.citations:
                yield block


def cache_marks(body: Request) -> Iterable[object]:
    yield body.cache_control
    yield from (tool.cache_control for tool in body.tools or ())
    for content in (body.system, *(message.content for message in body.messages)):
        for block in content if isinstance(content, list) else ():
            yield getattr(block, "cache_control", None)
