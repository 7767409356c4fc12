"""What Codex puts into a Responses request that Bedrock does not take, in words that it does take.

Codex knows OpenAI's newer models by name and speaks a shorter form of its own with them ("Responses Lite"): the tools
are an item of the input, in a namespace `functions`, which means the same as none. Bedrock refuses both, and three
kinds of item that stand in the history of a conversation, the whole request for any one of them. Sources: openai/codex
pull requests 26487, 26490 and 37022; what Bedrock answered, in BerriAI/litellm pull requests 33228 and 38227 with
issues 36182 and 36546, and maximhq/bifrost pull requests 5593 and 7084 (all read 2026-11-21).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from opencode_router.endpoints.envelope import Envelope, Value, member
from opencode_router.errors import BadRequest
from opencode_router.wire.openai_responses import AgentMessage, Json, LocalShellCall, MoreTools, Request

T = TypeVar("T")

MORE_TOOLS = "additional_tools"
NAMESPACE, DEFAULT_NAMESPACE = "namespace", "functions"


def in_words_of_bedrock(envelope: Envelope, body: Request) -> Mapping[str, Value | None]:
    """The members to change; none for a request without anything of Codex's own.

    Raises BadRequest naming the item or the tool that has not Codex's shape.
    """
    kinds = {item.type for item in body.input} if isinstance(body.input, list) else set()
    is_wrapped = any(tool.type == NAMESPACE and tool.name == DEFAULT_NAMESPACE for tool in body.tools or ())
    if not is_wrapped and kinds.isdisjoint((MORE_TOOLS, *REWRITTEN)):
        return {}
    items = (member(envelope.members, "input", list[Json]) or []) if kinds else []
    moved = [tool for place, item in placed("input", items) for tool in tools_of(item, place)]
    tools = [*(member(envelope.members, "tools", list[Json]) or ()), *moved]
    kept = [said for place, item in placed("input", items) if (said := rewritten(item, place))]
    return {**({"input": kept} if items else {}), **({"tools": list(unwrapped(tools))} if tools else {})}


def placed(name: str, values: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    """Each with the parameter that an error about it names."""
    return ((f"{name}[{position}]", value) for position, value in enumerate(values))


def tools_of(item: Json, place: str) -> Sequence[Json]:
    return shaped(item, MoreTools, place).tools if item.get("type") == MORE_TOOLS else ()


def unwrapped(tools: Sequence[Json]) -> Iterator[Json]:
    """The tools with those of the default namespace beside the others."""
    for place, tool in placed("tools", tools):
        if tool.get("type") == NAMESPACE and tool.get("name") == DEFAULT_NAMESPACE:
            yield from shaped(tool, MoreTools, place).tools
        else:
            yield tool


def rewritten(item: Json, place: str) -> Json | None:
    """The item as Bedrock takes it; None for one that says nothing to it."""
    kind = str(item.get("type"))
    if kind == MORE_TOOLS:
        return None
    return REWRITTEN[kind](item, place) if kind in REWRITTEN else item


def agent_message(item: Json, place: str) -> Json | None:
    """What one of Codex's agents told another; what was never encrypted can stand in `encrypted_content` all the same.

    Source: the description of BerriAI/litellm pull request 38227 (read 2026-11-21).
    """
    parts = shaped(item, AgentMessage, place).content
    text = "".join(part.text or part.encrypted_content or "" for part in parts)
    return (
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]} if text else None
    )


def context_compaction(item: Json, _place: str) -> Json:
    return {**item, "type": "compaction"}


def local_shell_call(item: Json, place: str) -> Json:
    """The call of a function; its result in the history is that of one."""
    call = shaped(item, LocalShellCall, place)
    arguments = msgspec.json.encode(call.action).decode()
    return {"type": "function_call", "call_id": call.call_id, "name": "local_shell", "arguments": arguments}


REWRITTEN: Mapping[str, Callable[[Json, str], Json | None]] = {
    "agent_message": agent_message,
    "context_compaction": context_compaction,
    "local_shell_call": local_shell_call,
}
"""By the `type` of an item of the input; the second argument is where the item is."""


def shaped(value: Json, kind: type[T], place: str) -> T:
    """Raises BadRequest naming the place."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error), param=place) from error
