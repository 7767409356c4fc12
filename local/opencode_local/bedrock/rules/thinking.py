"""What Claude's extended thinking forbids, in Anthropic's words; Converse carries the same settings.

Rules and wording as quoted in public bug reports: vercel/ai#4980, Aider-AI/aider#3720 and
strands-agents/sdk-typescript#798 (read 2026-11-21).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LEAST_BUDGET_TOKENS = 1024
LEAST_TOP_P = 0.95
MEMBERS: Mapping[str, frozenset[str]] = {
    "enabled": frozenset({"type", "budget_tokens", "display"}),
    "adaptive": frozenset({"type", "display"}),
    "disabled": frozenset({"type"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """What else the request sets. None: it does not."""

    max_tokens: int
    temperature: float | None
    top_p: float | None
    top_k: int | None
    forces_tool: bool


def is_on(thinking: object) -> bool:
    return isinstance(thinking, dict) and thinking.get("type") in ("enabled", "adaptive")


def thinking_violations(thinking: object, sampling: Sampling) -> Iterator[str]:
    """Nothing for None, which is no thinking."""
    if thinking is None:
        return
    tag = thinking.get("type") if isinstance(thinking, dict) else thinking
    if not isinstance(thinking, dict) or str(tag) not in MEMBERS:
        yield (
            f"thinking: Input tag '{tag}' found using 'type' does not match any of the expected tags: 'adaptive', "
            "'disabled', 'enabled'"
        )
        return
    kind = thinking["type"]
    for name in sorted(thinking.keys() - MEMBERS[kind]):
        yield f"thinking.{kind}.{name}: Extra inputs are not permitted"
    if kind == "enabled":
        yield from _budget_violations(thinking.get("budget_tokens"), sampling.max_tokens)
    if kind != "disabled":
        yield from _sampling_violations(sampling)


def _budget_violations(budget_tokens: Any, max_tokens: int) -> Iterator[str]:
    if not isinstance(budget_tokens, int):
        yield "thinking.enabled.budget_tokens: Field required"
    elif budget_tokens < LEAST_BUDGET_TOKENS:
        yield f"thinking.enabled.budget_tokens: Input should be greater than or equal to {LEAST_BUDGET_TOKENS}"
    elif budget_tokens >= max_tokens:
        yield "`max_tokens` must be greater than `thinking.budget_tokens`."


def _sampling_violations(sampling: Sampling) -> Iterator[str]:
    if sampling.temperature not in (None, 1):
        yield "`temperature` may only be set to 1 when thinking is enabled."
    if sampling.top_p is not None and sampling.top_p < LEAST_TOP_P:
        yield f"`top_p` must be greater than or equal to {LEAST_TOP_P} or unset when thinking is enabled."
    if sampling.top_k is not None:
        yield "`top_k` must be unset when thinking is enabled."
    if sampling.forces_tool:
        yield "Thinking may not be enabled when tool_choice forces tool use."
