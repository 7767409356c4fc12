"""OpenAI Chat Completions to Converse: requests.

Chosen where neither API says what to do:

* The conversation is made to begin with the user and to alternate; blank text is dropped (`turns.py`).
* `tool_choice: none` with tool calls in the conversation: see `tools.silent_offer`.
* A forced tool call switches reasoning off, as Claude refuses both together and a forced call is the stronger wish.
* `temperature` and `top_p` are void beside Claude's thinking and are left out; `ignored` says so.
* `max_tokens` counts the answer: a thinking budget comes on top, up to the model's own limit.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, assert_never

from opencode_router.catalogue.model import Model
from opencode_router.errors import BadRequest
from opencode_router.translate import chat_hints, chat_turns, reasoning, sampling
from opencode_router.translate import tools as tool_use
from opencode_router.translate.cache_points import Prompt
from opencode_router.translate.converse_request import AnswerFormat, Parts, assembled
from opencode_router.translate.reasoning import Wish
from opencode_router.translate.sampling import Sampling
from opencode_router.translate.tools import Choice, Declaration
from opencode_router.translate.turns import Piece
from opencode_router.wire import converse
from opencode_router.wire.anthropic_messages import ThinkingAdaptive, ThinkingConfig, ThinkingDisabled, ThinkingEnabled
from opencode_router.wire.openai_chat import (
    AllowedToolsChoice,
    Function,
    JsonSchemaFormat,
    NamedTool,
    Reasoning,
    Request,
)

SERVICE_TIERS = {"default": "default", "flex": "flex", "priority": "priority", "fast": "priority"}
"""OpenAI's to Converse's; "auto" asks for nothing."""
TOOL_CHOICES: Mapping[str, Literal["none", "auto", "any"]] = {"none": "none", "auto": "auto", "required": "any"}
REASONING_PARAMS = ("reasoning_effort", "reasoning", "thinking")


def request(body: Request, model: Model) -> converse.Request:
    """The body of Converse and ConverseStream. Raises BadRequest naming what cannot be expressed."""
    for param in ("frequency_penalty", "presence_penalty"):
        if getattr(body, param):
            raise BadRequest(f"Bedrock does not know {param}", param=param)
    return assembled(
        Parts(
            prompt=Prompt(
                tools=tools(body, model),
                system=chat_turns.system_pieces(body.messages),
                turns=chat_turns.conversation(body.messages, model),
            ),
            choice=choice(body),
            wish=wish(body, model),
            max_tokens=max_tokens(body),
            sampling=asked_sampling(body),
            stop=sampling.stop_sequences(body.stop, model, param="stop"),
            answer_format=answer_format(body),
            labels=body.metadata or {},
            service_tier=SERVICE_TIERS.get(body.service_tier or "auto"),
        ),
        model,
    )


def ignored(body: Request, model: Model) -> Sequence[str]:
    """Names of the parameters that were given and that `request` leaves out without harm."""
    named, asked = asked_wish(body), wish(body, model)
    return [
        *chat_hints.hints(body, model),
        *([named.param] if named is not None and named != asked else []),
        *(sampling.dropped_by_thinking(asked_sampling(body)) if reasoning.thinks(asked, model) else ()),
    ]


def asked_sampling(body: Request) -> Sampling:
    return Sampling(temperature=body.temperature, top_p=body.top_p)


def max_tokens(body: Request) -> int | None:
    """The output limit under either of its names."""
    if body.max_tokens and body.max_completion_tokens and body.max_tokens != body.max_completion_tokens:
        raise BadRequest("max_tokens and max_completion_tokens differ; give one of them", param="max_tokens")
    return body.max_completion_tokens or body.max_tokens


def tools(body: Request, model: Model) -> Sequence[Piece[converse.Tool]]:
    """The tools, or those that `tool_choice` allows."""
    pieces = [
        Piece(block=tool_use.tool(declaration, model), param=f"tools[{index}]", cache=tool.cache_control)
        for index, tool in enumerate(body.tools or ())
        for declaration in (declared(tool.function, f"tools[{index}].function"),)
    ]
    if not isinstance(body.tool_choice, AllowedToolsChoice):
        return pieces
    allowed = {tool.function.name for tool in body.tool_choice.allowed_tools.tools}
    unknown = sorted(allowed - {piece.block["toolSpec"]["name"] for piece in pieces})
    if unknown:
        raise BadRequest(f"no tool is named {unknown[0]!r}", param="tool_choice.allowed_tools.tools")
    return [piece for piece in pieces if piece.block["toolSpec"]["name"] in allowed]


def declared(function: Function, param: str) -> Declaration:
    return Declaration(
        name=function.name,
        description=function.description,
        schema=function.parameters,
        strict=bool(function.strict),
        name_param=f"{param}.name",
        schema_param=f"{param}.parameters",
    )


def choice(body: Request) -> Choice | None:
    """None when neither parameter asks for anything."""
    is_single = body.parallel_tool_calls is False
    match body.tool_choice:
        case None:
            return Choice(mode="auto", is_single=True) if is_single else None
        case NamedTool(function=function):
            return Choice(mode="tool", name=function.name, is_single=is_single)
        case AllowedToolsChoice(allowed_tools=allowed):
            return Choice(mode=TOOL_CHOICES[allowed.mode], is_single=is_single)
        case "none" | "auto" | "required" as mode:
            return Choice(mode=TOOL_CHOICES[mode], is_single=is_single)
    assert_never(body.tool_choice)


def is_forced(body: Request) -> bool:
    asked = choice(body)
    return asked is not None and asked.is_forced


def answer_format(body: Request) -> AnswerFormat | None:
    if not isinstance(body.response_format, JsonSchemaFormat):
        return None
    asked = body.response_format.json_schema
    if asked.schema is None:
        raise BadRequest("a JSON schema is required", param="response_format.json_schema.schema")
    return AnswerFormat(
        schema=asked.schema, name=asked.name, description=asked.description, param="response_format.type"
    )


def wish(body: Request, model: Model) -> Wish | None:
    """The reasoning to ask the model for; none beside a forced tool call where the two exclude each other."""
    asked = asked_wish(body)
    if is_forced(body) and reasoning.thinks(asked, model):
        return Wish(mode="off", param="tool_choice")
    return asked


def asked_wish(body: Request) -> Wish | None:
    """What the one reasoning parameter that was given says. Raises BadRequest when more than one was."""
    given = [param for param in REASONING_PARAMS if getattr(body, param) is not None]
    if len(given) > 1:
        raise BadRequest(f"{given[0]} and {given[1]} both ask for reasoning; give one of them", param=given[1])
    if body.reasoning is not None:
        return reasoning_wish(body.reasoning)
    if body.thinking is not None:
        return thinking_wish(body.thinking)
    return level_wish(body.reasoning_effort, "reasoning_effort")


def level_wish(level: str | None, param: str) -> Wish | None:
    if level is None:
        return None
    return Wish(mode="off", param=param) if level == "none" else Wish(mode="on", level=level, param=param)


def reasoning_wish(asked: Reasoning) -> Wish | None:
    """OpenRouter's object: an effort, a budget, or just on or off. `enabled` alone means medium effort."""
    if asked.enabled is False:
        return Wish(mode="off", param="reasoning")
    if asked.max_tokens is not None:
        return Wish(mode="on", budget_tokens=asked.max_tokens, param="reasoning")
    return level_wish(asked.effort or ("medium" if asked.enabled else None), "reasoning")


def thinking_wish(asked: ThinkingConfig) -> Wish:
    match asked:
        case ThinkingDisabled():
            return Wish(mode="off", param="thinking")
        case ThinkingAdaptive(display=display):
            return Wish(mode="adaptive", display=display, param="thinking")
        case ThinkingEnabled(budget_tokens=budget, display=display):
            return Wish(mode="on", budget_tokens=budget, display=display, param="thinking")
    assert_never(asked)
