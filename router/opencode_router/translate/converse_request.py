"""The last step of both translations: parts put together into one Converse request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate import cache_points, reasoning, request_metadata, sampling
from opencode_router.translate import tools as tool_use
from opencode_router.translate.cache_points import Prompt
from opencode_router.translate.reasoning import Reasoning, Wish
from opencode_router.translate.sampling import Sampling
from opencode_router.translate.tools import Choice, Offer
from opencode_router.translate.turns import called_tools
from opencode_router.wire import converse
from opencode_router.wire.anthropic_messages import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFormat:
    """A JSON schema that the answer is to follow."""

    schema: JsonObject
    param: str
    name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A request of either protocol, taken apart."""

    prompt: Prompt
    choice: Choice | None
    wish: Wish | None
    effort: str | None = None
    """Asked for apart from reasoning."""
    max_tokens: int | None
    sampling: Sampling
    stop: Sequence[str]
    answer_format: AnswerFormat | None
    labels: Mapping[str, str]
    service_tier: str | None


def assembled(parts: Parts, model: Model) -> converse.Request:
    """Raises BadRequest naming the first parameter that cannot be expressed."""
    turns = parts.prompt.turns
    offer = tool_use.offer(parts.prompt.tools, parts.choice, model, called=called_tools(turns))
    plan = reasoning.plan(parts.wish, model, max_tokens=parts.max_tokens, turns=turns)
    drawn = drawn_sampling(parts, model)
    extra = {**sampling.extra_fields(drawn), **plan.extra_fields, **offer.extra_fields}
    inference = sampling.inference_config(drawn, max_tokens=plan.max_tokens, stop=parts.stop)
    output = output_config(parts, plan, model)
    request = prompted(cache_points.placed(replace(parts.prompt, tools=offer.tools), model), offer, model)
    if inference:
        request["inferenceConfig"] = inference
    if extra:
        request["additionalModelRequestFields"] = extra
    if output:
        request["outputConfig"] = output
    return {**request, **labelled(parts)}


def drawn_sampling(parts: Parts, model: Model) -> Sampling:
    drawn = sampling.checked(parts.sampling, model)
    return sampling.while_thinking(drawn) if reasoning.thinks(parts.wish, model) else drawn


def prompted(prompt: Prompt, offer: Offer, model: Model) -> converse.Request:
    """What the model reads."""
    request: converse.Request = {"messages": messages(prompt, model)}
    if prompt.system:
        request["system"] = cache_points.blocks(prompt.system, model)
    if prompt.tools:
        request["toolConfig"] = tool_config(prompt, offer, model)
    return request


def labelled(parts: Parts) -> converse.Request:
    """What only Bedrock reads."""
    request: converse.Request = {}
    if parts.labels and request_metadata.fits(parts.labels):
        request["requestMetadata"] = parts.labels
    if parts.service_tier:
        request["serviceTier"] = {"type": parts.service_tier}
    return request


def messages(prompt: Prompt, model: Model) -> Sequence[converse.Message]:
    return [{"role": turn.role, "content": cache_points.blocks(turn.pieces, model)} for turn in prompt.turns]


def tool_config(prompt: Prompt, offer: Offer, model: Model) -> converse.ToolConfig:
    config: converse.ToolConfig = {"tools": cache_points.blocks(prompt.tools, model)}
    return {**config, "toolChoice": offer.choice} if offer.choice else config


def output_config(parts: Parts, plan: Reasoning, model: Model) -> converse.OutputConfig:
    """Schema and effort; empty when neither was asked for."""
    config: converse.OutputConfig = {}
    if parts.answer_format:
        config["textFormat"] = text_format(parts.answer_format, model)
    effort = plan.effort or reasoning.plain_effort(parts.effort, model)
    if effort:
        config["effort"] = effort
    return config


def text_format(asked: AnswerFormat, model: Model) -> converse.TextFormat:
    if not model.capabilities.structured_output:
        raise BadRequest(f"{model.name} cannot be held to a JSON schema", param=asked.param)
    schema: converse.JsonSchema = {"schema": msgspec.json.encode(asked.schema).decode()}
    if asked.name:
        schema["name"] = asked.name
    if asked.description:
        schema["description"] = asked.description
    return {"type": "json_schema", "structure": {"jsonSchema": schema}}
