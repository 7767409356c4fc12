"""What to answer: one neutral script, rendered by each protocol in its own way.

The commands are listed in the package's docstring.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import msgspec

from opencode_local.bedrock.instances import smallest_instance
from opencode_local.bedrock.prompt import BYTES_PER_TOKEN, Json, NotAnObject, Prompt, canonical, json_object, tokens

ECHO_CHARACTERS = 2000
THOUGHT_CHARACTERS = 200
ARGUMENT_DELTAS = 4
STOP_REASONS = (
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "guardrail_intervened",
    "content_filtered",
    "malformed_model_output",
    "malformed_tool_use",
    "model_context_window_exceeded",
)
"""Source: botocore's model of bedrock-runtime, StopReason (1.43, 2026-11-21)."""
CALL = re.compile(r"call (?P<name>[A-Za-z0-9_.:-]+)(?:\s+(?P<arguments>\{.*\}))?")
SAY = re.compile(r"say (?P<count>\d{1,6}) words?")
STOP = re.compile(rf"stop (?P<reason>{'|'.join(STOP_REASONS)})")
THINK = re.compile(r"think(?P<redacted> redacted)?")
THEN = re.compile(r"(?m)^\s*then\s*$")
WORD = re.compile(r"\s*\S+\s*$|\s*\S+|\s+$")


@dataclass(frozen=True, slots=True)
class Text:
    text: str

    @property
    def tokens(self) -> int:
        return tokens(self.text)

    @property
    def deltas(self) -> Sequence[str]:
        """Word by word."""
        return WORD.findall(self.text)


@dataclass(frozen=True, slots=True)
class Reasoning(Text):
    is_redacted: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call; `arguments` is JSON text, `stem` becomes the id once the protocol's prefix is before it."""

    stem: str
    name: str
    arguments: str

    @property
    def tokens(self) -> int:
        return tokens(self.name) + tokens(self.arguments)

    @property
    def deltas(self) -> Sequence[str]:
        size = max(1, -(-len(self.arguments) // ARGUMENT_DELTAS))
        return [self.arguments[start : start + size] for start in range(0, len(self.arguments), size)]


Block: TypeAlias = Text | Reasoning | ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """An answer. `stop_reason` is one of Converse's words."""

    id: str
    model_id: str
    blocks: tuple[Block, ...]
    stop_reason: str
    stop_sequence: str | None = None

    @property
    def tokens(self) -> int:
        return sum(block.tokens for block in self.blocks)

    @property
    def reasoning_tokens(self) -> int:
        return sum(block.tokens for block in self.blocks if isinstance(block, Reasoning))

    @property
    def text(self) -> str:
        return "".join(block.text for block in self.blocks if type(block) is Text)

    @property
    def reasoning(self) -> str:
        return "".join(block.text for block in self.blocks if isinstance(block, Reasoning) and not block.is_redacted)

    @property
    def tool_calls(self) -> list[ToolCall]:
        return [block for block in self.blocks if isinstance(block, ToolCall)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The commands found in a user's text."""

    calls: tuple[tuple[str, Json], ...] = ()
    words: int | None = None
    stop_reason: str | None = None
    redacts: bool = False


def script(prompt: Prompt) -> Script:
    """The one answer to `prompt`, within its output limit and stop sequences. Raises UnusableSchema."""
    orders = _orders(prompt)
    blocks = (*_reasoning(prompt, orders), *_said(prompt, orders), *_calls(prompt, orders))
    has_calls = any(isinstance(block, ToolCall) for block in blocks)
    whole = Script(
        id=prompt.digest[:24],
        model_id=prompt.model_id,
        blocks=blocks,
        stop_reason=orders.stop_reason or ("tool_use" if has_calls else "end_turn"),
    )
    return _within_limit(_until_stop_sequence(whole, prompt.stop_sequences), prompt.max_tokens)


def _orders(prompt: Prompt) -> Orders:
    """The commands of the step that is due: steps are parted by `then`, and each assistant turn has done one."""
    steps = [step.splitlines() for step in THEN.split(_unquoted(prompt.user_text))]
    if prompt.replies_since >= len(steps):
        return Orders()
    lines = [line.strip() for line in steps[prompt.replies_since]]
    said = [found for line in lines if (found := SAY.fullmatch(line))]
    stops = [found for line in lines if (found := STOP.fullmatch(line))]
    thoughts = [found for line in lines if (found := THINK.fullmatch(line))]
    return Orders(
        calls=tuple(call for line in lines if (found := CALL.fullmatch(line)) for call in _call(found)),
        words=int(said[-1]["count"]) if said else None,
        stop_reason=stops[-1]["reason"] if stops else None,
        redacts=any(found["redacted"] for found in thoughts),
    )


def _unquoted(text: str) -> str:
    """`opencode run` puts its argument in quotes before it sends it (opencode's run.ts, read 2026-11-21)."""
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('\\"', '"') if is_quoted else text


def _call(found: re.Match[str]) -> Iterator[tuple[str, Json]]:
    """Name and arguments; nothing when the arguments are no JSON, as the line is then just text."""
    try:
        yield found["name"], json_object(found["arguments"] or "{}")
    except NotAnObject:
        return


def _reasoning(prompt: Prompt, orders: Orders) -> Iterator[Block]:
    if prompt.is_reasoning:
        yield Reasoning(f"The user wants: {prompt.user_text[:THOUGHT_CHARACTERS]}")
        if orders.redacts:
            yield Reasoning(f"Not for their eyes: {prompt.digest}", is_redacted=True)


def _said(prompt: Prompt, orders: Orders) -> Iterator[Block]:
    undeclared = [name for name, _ in orders.calls if name not in prompt.tools]
    if orders.words is not None:
        yield Text(" ".join(f"word{number}" for number in range(1, orders.words + 1)))
    elif undeclared:
        yield Text(f"There is no tool {', '.join(undeclared)}; declared are: {', '.join(prompt.tools) or 'none'}.")
    elif prompt.tool_results and not orders.calls:
        yield Text("\n".join(_outcomes(prompt)))
    elif prompt.answer_schema is not None and not orders.calls:
        yield Text(canonical(smallest_instance(prompt.answer_schema)))
    elif not orders.calls and prompt.forced_tool is None:
        yield Text(f"You said: {prompt.user_text[:ECHO_CHARACTERS]}")


def _outcomes(prompt: Prompt) -> Iterator[str]:
    for result in prompt.tool_results:
        verb = "failed with" if result.is_error else "returned"
        yield f"The tool {result.name} {verb}: {result.text[:ECHO_CHARACTERS]}"


def _calls(prompt: Prompt, orders: Orders) -> Iterator[Block]:
    calls = [call for call in orders.calls if call[0] in prompt.tools]
    if not calls and prompt.forced_tool is not None:
        calls = [(prompt.forced_tool, smallest_instance(prompt.tools[prompt.forced_tool]))]
    for index, (name, arguments) in enumerate(calls):
        yield ToolCall(f"{prompt.digest[:20]}{index:02d}", name, msgspec.json.encode(arguments).decode())


def _until_stop_sequence(whole: Script, stop_sequences: Sequence[str]) -> Script:
    for index, block in enumerate(whole.blocks):
        if type(block) is Text:
            hits = [(block.text.find(stop), stop) for stop in stop_sequences if stop and stop in block.text]
            if hits:
                end, stop = min(hits)
                kept = (Text(block.text[:end]),) if end else ()
                return replace(
                    whole, blocks=whole.blocks[:index] + kept, stop_reason="stop_sequence", stop_sequence=stop
                )
    return whole


def _within_limit(whole: Script, max_tokens: int) -> Script:
    left = max_tokens
    for index, block in enumerate(whole.blocks):
        if block.tokens > left:
            kept = _cut(block, left)
            return replace(whole, blocks=whole.blocks[:index] + kept, stop_reason="max_tokens", stop_sequence=None)
        left -= block.tokens
    return whole


def _cut(block: Block, left: int) -> tuple[Block, ...]:
    """As many whole words as fit; half a call or half a redaction is worth nothing."""
    if isinstance(block, ToolCall) or (isinstance(block, Reasoning) and block.is_redacted):
        return ()
    text = ""
    for word in block.deltas:
        if len((text + word).encode(errors="surrogatepass")) > left * BYTES_PER_TOKEN:
            break
        text += word
    return (replace(block, text=text),) if text else ()
