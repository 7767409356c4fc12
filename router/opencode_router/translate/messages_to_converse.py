"""Anthropic Messages to Converse: requests.

Chosen where neither API says what to do:

* `max_tokens` includes the thinking, as it does in Anthropic's API; only a budget chosen by us is made to fit.
* `thinking` asks a model for the nearest thing it has: adaptive thinking with an effort, a budget, a level of effort.
  A model without any of these accepts `adaptive`, which leaves the decision to the model, and refuses `enabled`.
* Forced tool calls beside thinking are refused, as Anthropic refuses them.
* `tool_choice: none` with tool calls in the conversation: see `tools.silent_offer`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from opencode_router.catalogue.model import Model, ReasoningStyle
from opencode_router.errors import BadRequest
from opencode_router.translate import messages_hints, messages_turns, reasoning, sampling
from opencode_router.translate import tools as tool_use
from opencode_router.translate.cache_points import Prompt
from opencode_router.translate.converse_request import AnswerFormat, Parts, assembled
from opencode_router.translate.reasoning import Wish
from opencode_router.translate.sampling import Sampling
from opencode_router.translate.tools import Choice, Declaration
from opencode_router.translate.turns import Piece, Turn, cached_after
from opencode_router.wire import converse
from opencode_router.wire.anthropic_messages import (
    AnyChoice,
    AutoChoice,
    NoChoice,
    Request,
    ThinkingAdaptive,
    ThinkingDisabled,
    ThinkingEnabled,
    Tool,
    ToolChoice,
)

SERVICE_TIERS = {"standard_only": "default"}
"""Anthropic's to Converse's; "auto" asks for nothing."""

STOP_SEQUENCE = "/stop_sequence"
"""Messages tells which sequence ended the answer. Converse tells only when asked, and passes over the wish where the
model does not say. Source: Bedrock API reference, "Converse", `additionalModelResponseFieldPaths` (read 2026-11-21)."""


def request(body: Request, model: Model) -> converse.Request:
    """The body of Converse and ConverseStream. Raises BadRequest naming what cannot be expressed."""
    asked, chosen = wish(body, model), choice(body)
    if chosen and chosen.is_forced and reasoning.thinks(asked, model):
        raise BadRequest("a tool call cannot be forced while thinking is on", param="tool_choice")
    sent = assembled(
        Parts(
            prompt=Prompt(
                tools=tools(body, model), system=messages_turns.system_pieces(body), turns=conversation(body, model)
            ),
            choice=chosen,
            wish=asked,
            effort=asked_effort(body),
            max_tokens=body.max_tokens,
            sampling=asked_sampling(body),
            stop=sampling.stop_sequences(body.stop_sequences, model, param="stop_sequences"),
            answer_format=answer_format(body),
            labels=messages_hints.labels(body),
            service_tier=SERVICE_TIERS.get(body.service_tier or "auto"),
        ),
        model,
    )
    return {**sent, "additionalModelResponseFieldPaths": [STOP_SEQUENCE]} if body.stop_sequences else sent


def ignored(body: Request, model: Model) -> Sequence[str]:
    """Names of the parameters that were given and that `request` leaves out without harm."""
    asked = wish(body, model)
    void = sampling.dropped_by_thinking(asked_sampling(body)) if reasoning.thinks(asked, model) else ()
    return [*messages_hints.hints(body, model), *void]


def conversation(body: Request, model: Model) -> Sequence[Turn]:
    """The turns; a request-wide `cache_control` marks the last block of all."""
    said = messages_turns.conversation(body.messages, model)
    if body.cache_control is None:
        return said
    return [*said[:-1], replace(said[-1], pieces=cached_after(said[-1].pieces, body.cache_control))]


def asked_sampling(body: Request) -> Sampling:
    return Sampling(temperature=body.temperature, top_p=body.top_p, top_k=body.top_k)


def asked_effort(body: Request) -> str | None:
    return body.output_config.effort if body.output_config else None


def tools(body: Request, model: Model) -> Sequence[Piece[converse.Tool]]:
    return [
        Piece(
            block=tool_use.tool(declared(tool, f"tools[{index}]"), model),
            param=f"tools[{index}]",
            cache=tool.cache_control,
        )
        for index, tool in enumerate(body.tools or ())
    ]


def declared(tool: Tool, param: str) -> Declaration:
    return Declaration(
        name=tool.name,
        description=tool.description,
        schema=tool.input_schema,
        strict=bool(tool.strict),
        name_param=f"{param}.name",
        schema_param=f"{param}.input_schema",
    )


def choice(body: Request) -> Choice | None:
    single = "tool_choice.disable_parallel_tool_use"
    match body.tool_choice:
        case None:
            return None
        case NoChoice():
            return Choice(mode="none")
        case AutoChoice(disable_parallel_tool_use=is_single):
            return Choice(mode="auto", is_single=bool(is_single), single_param=single)
        case AnyChoice(disable_parallel_tool_use=is_single):
            return Choice(mode="any", is_single=bool(is_single), single_param=single)
        case ToolChoice(name=name, disable_parallel_tool_use=is_single):
            return Choice(mode="tool", name=name, is_single=bool(is_single), single_param=single)
    assert_never(body.tool_choice)


def answer_format(body: Request) -> AnswerFormat | None:
    asked = body.output_config.format if body.output_config else None
    return AnswerFormat(schema=asked.schema, param="output_config.format") if asked else None


def wish(body: Request, model: Model) -> Wish | None:
    """`thinking`, with the effort beside it.

    Effort alone switches no thinking on, except on models for which effort is all there is to say.
    Raises BadRequest when the budget leaves no room for an answer.
    """
    level = asked_effort(body)
    match body.thinking:
        case None:
            if level is None or model.capabilities.reasoning is not ReasoningStyle.EFFORT:
                return None
            return Wish(mode="adaptive", level=level, param="output_config.effort")
        case ThinkingDisabled():
            return Wish(mode="off", param="thinking")
        case ThinkingAdaptive(display=display):
            return Wish(mode="adaptive", level=level, display=display, is_within_limit=True, param="thinking")
        case ThinkingEnabled(budget_tokens=budget, display=display):
            if budget >= body.max_tokens:
                raise BadRequest("max_tokens must be greater than the thinking budget", param="thinking.budget_tokens")
            return Wish(
                mode="on", level=level, budget_tokens=budget, display=display, is_within_limit=True, param="thinking"
            )
    assert_never(body.thinking)
