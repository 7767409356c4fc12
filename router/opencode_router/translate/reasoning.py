"""How a model is told to reason, and reasoning from earlier turns.

Sources: Amazon Bedrock user guide, "Adaptive thinking" and "Extended thinking"; Anthropic documentation, "Thinking"
and "Effort"; botocore 1.43 (`outputConfig.effort`); OpenCode pull request 48195 (gpt-oss takes a flat
`reasoning_effort`) (all read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, assert_never

from opencode_router.catalogue.model import Model, ReasoningStyle
from opencode_router.errors import BadRequest
from opencode_router.translate import base64_text
from opencode_router.translate.turns import Turn
from opencode_router.wire import converse

LEVELS = ("minimal", "low", "medium", "high", "xhigh", "max")
"""Weakest first."""
BUDGETS = {"minimal": 1024, "low": 4096, "medium": 8192, "high": 16384, "xhigh": 32768, "max": 65536}
"""Tokens to think with; OpenCode's own for Claude are 16,000 for high and 31,999 for max."""
DEFAULT_LEVEL = "high"
"""Anthropic's default effort."""
MINIMUM_BUDGET = 1024
"""Tokens; Anthropic's own limit."""
THINKING_STYLES = frozenset({ReasoningStyle.BUDGET, ReasoningStyle.ADAPTIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the caller asked for, whichever parameter it used."""

    mode: Literal["off", "adaptive", "on"]
    param: str
    level: str | None = None
    budget_tokens: int | None = None
    display: str | None = None
    is_within_limit: bool = False
    """The output limit includes the thinking (Messages); otherwise it is raised to fit (Chat)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """What to send."""

    max_tokens: int | None
    extra_fields: Mapping[str, object] = field(default_factory=dict)
    """For `additionalModelRequestFields`."""
    effort: str | None = None
    """For `outputConfig.effort`."""


def thinks(wish: Wish | None, model: Model) -> bool:
    """Anthropic's thinking will be on, which forbids sampling parameters and forced tool calls."""
    return wish is not None and wish.mode != "off" and model.capabilities.reasoning in THINKING_STYLES


def plan(wish: Wish | None, model: Model, *, max_tokens: int | None, turns: Sequence[Turn]) -> Reasoning:
    """Raises BadRequest naming the wish's parameter when the model cannot honour it."""
    if wish is None:
        return Reasoning(max_tokens=max_tokens)
    if wish.mode == "off":
        return Reasoning(max_tokens=max_tokens, extra_fields=switched_off(wish, model))
    if thinks(wish, model) and turns[-1].role == "assistant":
        raise BadRequest(f"{model.name} cannot think before it continues a message of its own", param=wish.param)
    return plan_in_style(wish, model, max_tokens, turns)


def plan_in_style(wish: Wish, model: Model, max_tokens: int | None, turns: Sequence[Turn]) -> Reasoning:
    style = model.capabilities.reasoning
    match style:
        case ReasoningStyle.NONE:
            if wish.mode == "on":
                raise BadRequest(f"{model.name} cannot be told to reason", param=wish.param)
            return Reasoning(max_tokens=max_tokens)
        case ReasoningStyle.EFFORT:
            return effort_plan(wish, model, max_tokens)
        case ReasoningStyle.ADAPTIVE:
            return adaptive_plan(wish, model, max_tokens)
        case ReasoningStyle.BUDGET:
            return budget_plan(wish, model, max_tokens, turns)
    assert_never(style)


def switched_off(wish: Wish, model: Model) -> Mapping[str, object]:
    """The fields that mean no reasoning; models of the budget style do not reason unless told to."""
    capabilities = model.capabilities
    if capabilities.always_reasons:
        raise BadRequest(f"{model.name} always reasons", param=wish.param)
    if capabilities.reasoning is ReasoningStyle.ADAPTIVE:
        return {"thinking": {"type": "disabled"}}
    if capabilities.reasoning is ReasoningStyle.EFFORT:
        return effort_fields("none", model)
    return {}


def plain_effort(level: str | None, model: Model) -> str | None:
    """The effort to send when it was asked for apart from thinking."""
    return nearest(level, model.capabilities.efforts) if model.capabilities.reasoning in THINKING_STYLES else None


def effort_plan(wish: Wish, model: Model, max_tokens: int | None) -> Reasoning:
    level = nearest(asked_level(wish), model.capabilities.efforts)
    if level is None:
        return Reasoning(max_tokens=max_tokens)
    return Reasoning(max_tokens=max_tokens, extra_fields=effort_fields(level, model))


def effort_fields(level: str, model: Model) -> Mapping[str, object]:
    """The level where the model looks for it: `reasoning.effort` becomes `{"reasoning": {"effort": ...}}`."""
    outer, dot, inner = model.capabilities.effort_field.partition(".")
    return {outer: {inner: level}} if dot else {outer: level}


def adaptive_plan(wish: Wish, model: Model, max_tokens: int | None) -> Reasoning:
    return Reasoning(
        max_tokens=max_tokens,
        extra_fields={"thinking": {"type": "adaptive", **displayed(wish)}},
        effort=nearest(asked_level(wish), model.capabilities.efforts),
    )


def budget_plan(wish: Wish, model: Model, max_tokens: int | None, turns: Sequence[Turn]) -> Reasoning:
    """Thinks with a budget, unless the conversation is inside a tool loop that began without thinking.

    Bedrock refuses thinking there; Anthropic's own API switches it off for the request, and so do we.
    Source: Anthropic documentation, "Extended thinking", on toggling thinking in conversations (read 2026-11-21).
    """
    if in_unthinking_tool_loop(turns):
        return Reasoning(max_tokens=max_tokens)
    budget = wish.budget_tokens or BUDGETS[wish.level or DEFAULT_LEVEL]
    if wish.is_within_limit and max_tokens is not None:
        limit: int | None = max_tokens
        budget = budget if wish.budget_tokens else min(budget, max_tokens // 2)
    else:
        budget, limit = fitted(budget, max_tokens, model.capabilities.max_output_tokens)
    if budget < MINIMUM_BUDGET:
        return Reasoning(max_tokens=max_tokens)
    thinking = {"type": "enabled", "budget_tokens": budget, **displayed(wish)}
    return Reasoning(max_tokens=limit, extra_fields={"thinking": thinking})


def fitted(budget: int, asked: int | None, most: int) -> tuple[int, int | None]:
    """Budget and output limit in tokens: the limit grows by the budget up to `most`, then the budget shrinks.

    The answer keeps what was asked for it, or half of `most` if that is less. A limit already above `most` stays.
    """
    answer = min(asked or most, most // 2)
    budget = max(MINIMUM_BUDGET, min(budget, most - answer))
    return budget, None if asked is None else max(asked, min(asked + budget, most))


def displayed(wish: Wish) -> Mapping[str, str]:
    return {"display": wish.display} if wish.display else {}


def asked_level(wish: Wish) -> str | None:
    """The level named or, for a budget, the weakest whose own budget covers it."""
    if wish.level is not None or wish.budget_tokens is None:
        return wish.level
    return next((level for level, budget in BUDGETS.items() if budget >= wish.budget_tokens), "max")


def nearest(level: str | None, accepted: Sequence[str]) -> str | None:
    """The accepted level closest to `level`, the weaker of two."""
    if level is None or not accepted:
        return None
    asked = LEVELS.index(level)
    return min(accepted, key=lambda candidate: (abs(LEVELS.index(candidate) - asked), LEVELS.index(candidate)))


def in_unthinking_tool_loop(turns: Sequence[Turn]) -> bool:
    """The model is to go on from tool results, and its calls did not begin with a thought."""
    if not any("toolResult" in piece.block for piece in turns[-1].pieces):
        return False
    return "reasoningContent" not in turns[-2].pieces[0].block


def signed(text: str, signature: str) -> converse.ReasoningBlock:
    return {"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}}


def redacted(data: str, *, param: str) -> converse.ReasoningBlock:
    return {"reasoningContent": {"redactedContent": base64_text.checked(data, param=param)}}


def is_replayed(model: Model) -> bool:
    """Only Claude's styles of reasoning carry a signature that a model can check."""
    return model.capabilities.reasoning in THINKING_STYLES
