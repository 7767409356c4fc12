"""What Converse demands beyond its service model.

Wording as the service gives it, as quoted in public bug reports: aws-samples/bedrock-engineer#8, pydantic-ai#3253 and
#2327, strands-agents/sdk-python#1435 and #2214, archestra-ai/archestra#4220; at most four cache
points: Bike4Mind/bike4mind#2127 (read 2026-11-21).
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from opencode_local.bedrock.prompt import Json, NotAnObject, json_object
from opencode_local.bedrock.refusals import invalid
from opencode_local.bedrock.rules.claude import spoken, system_turns
from opencode_local.bedrock.rules.converse_blocks import FROM_THE_MODEL, blocks_of, files, reasoning, texts
from opencode_local.bedrock.rules.thinking import Sampling, is_on, thinking_violations
from opencode_local.bedrock.rules.tool_pairing import Mismatch, ToolTurn, mismatches
from opencode_local.bedrock.service_model import check_request

Rule: TypeAlias = Callable[[Json, str], Iterator[str]]
"""From a body that satisfies the service model, and the model's id, to what is wrong."""

MOST_CACHE_POINTS = 4
MOST_OUTPUT_TOKENS = 200_000


def check(body: Json, model_id: str, *, operation: str) -> None:
    """Raises Refused for a body that Converse or ConverseStream would not take."""
    check_request(operation, body, model_id)
    _check(body, model_id, RULES)


def check_countable(body: Json, model_id: str) -> None:
    """Raises Refused for the Converse part of a CountTokens body; CountTokens itself knows its members."""
    _check(body, model_id, (*TURN_RULES, *BLOCK_RULES))


def _check(body: Json, model_id: str, rules: Sequence[Rule]) -> None:
    messages = body.get("messages") or []
    for message in system_turns(messages, model_id):
        raise invalid(message)
    conversation = {**body, "messages": spoken(messages)}
    for rule in rules:
        for message in rule(conversation, model_id):
            raise invalid(message)


def _turns(body: Json, _model_id: str) -> Iterator[str]:
    messages = body.get("messages") or ()
    if not messages:
        yield "A conversation must contain at least one message. Add a message and try again."
        return
    if messages[0]["role"] != "user":
        yield (
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message."
        )
    for before, after in pairwise(messages):
        if before["role"] == after["role"]:
            yield (
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
                "between user and assistant roles and try again."
            )
    for index, message in enumerate(messages):
        if not message["content"]:
            yield (
                f"The content field in the Message object at messages.{index} is empty. Add a ContentBlock object to "
                "the content field and try again."
            )


def _speakers(body: Json, _model_id: str) -> Iterator[str]:
    """Who may say what."""
    for _, block, message in blocks_of(body):
        if message["role"] == "user" and block.get("toolUse"):
            yield "User messages cannot contain tool uses. Please remove the tool uses and try again."
        if message["role"] == "user" and block.get("reasoningContent"):
            yield "User messages cannot contain reasoning content. Please remove the reasoning content and try again."
        if message["role"] == "assistant" and block.get("toolResult"):
            yield "Assistant messages cannot contain tool results. Please remove the tool results and try again."


def _tools(body: Json, _model_id: str) -> Iterator[str]:
    if body.get("toolConfig") is None:
        if any(block.get("toolUse") or block.get("toolResult") for _, block, _ in blocks_of(body)):
            yield "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        return
    names = list[str]()
    for index, tool in enumerate(body["toolConfig"]["tools"]):
        spec = tool.get("toolSpec")
        if spec is not None:
            names.append(spec["name"])
            schema = spec["inputSchema"]["json"]
            if not isinstance(schema, dict) or schema.get("type") != "object":
                yield (
                    f"The value at toolConfig.tools.{index}.toolSpec.inputSchema.json.type must be one of the "
                    "following: object."
                )
    if len(set(names)) < len(names):
        yield "The toolConfig.tools field contains duplicate tool names. Tool names must be unique."
    forced = ((body["toolConfig"].get("toolChoice") or {}).get("tool") or {}).get("name")
    if forced is not None and forced not in names:
        yield f"The tool {forced} in toolConfig.toolChoice is not among toolConfig.tools."


def _tool_pairs(body: Json, _model_id: str) -> Iterator[str]:
    for place, block, _ in blocks_of(body):
        if block.get("toolUse") and not isinstance(block["toolUse"]["input"], dict):
            yield (
                f"The format of the value at {place}.toolUse.input is invalid. Provide a json object for the field and "
                "try again."
            )
    for mismatch in mismatches([_tool_turn(message) for message in body.get("messages") or ()]):
        yield _mismatch(mismatch)


def _tool_turn(message: Json) -> ToolTurn:
    blocks = [block for block in message["content"] if not block.get("cachePoint")]
    results = [block["toolResult"]["toolUseId"] if block.get("toolResult") else None for block in blocks]
    leading = results.index(None) if None in results else len(results)
    return ToolTurn(
        is_user=message["role"] == "user",
        calls=[block["toolUse"]["toolUseId"] for block in blocks if block.get("toolUse")],
        results=[result for result in results[:leading] if result],
        late_results=[result for result in results[leading:] if result],
    )


def _mismatch(mismatch: Mismatch) -> str:
    kind, turn, ids = mismatch
    match kind:
        case "unanswered":
            return f"Expected toolResult blocks at messages.{turn}.content for the following Ids: {', '.join(ids)}"
        case "unasked":
            return (
                f"The number of toolResult blocks at messages.{turn}.content exceeds the number of toolUse blocks of "
                "previous turn."
            )
        case _:
            return f"The toolUseId values {', '.join(ids)} are not unique. Tool ids must be unique in a conversation."


def _cache_points(body: Json, _model_id: str) -> Iterator[str]:
    lists = {
        "system": body.get("system") or (),
        "toolConfig.tools": (body.get("toolConfig") or {}).get("tools", ()),
        **{f"messages.{index}.content": message["content"] for index, message in enumerate(body.get("messages") or ())},
    }
    for place, blocks in lists.items():
        if blocks and blocks[0].get("cachePoint"):
            yield f"The cachePoint at {place}.0 has nothing before it. Place it after what to cache and try again."
    count = sum(1 for blocks in lists.values() for block in blocks if block.get("cachePoint"))
    if count > MOST_CACHE_POINTS:
        yield (
            f"{FROM_THE_MODEL}A maximum of {MOST_CACHE_POINTS} blocks with cache_control may be provided. "
            f"Found {count}."
        )


def _inference(body: Json, _model_id: str) -> Iterator[str]:
    max_tokens = (body.get("inferenceConfig") or {}).get("maxTokens") or 1
    if max_tokens > MOST_OUTPUT_TOKENS:
        yield (
            f"The maximum tokens you requested exceeds the model limit of {MOST_OUTPUT_TOKENS}. Try again with a "
            f"maximum tokens value that is lower than {MOST_OUTPUT_TOKENS}."
        )


def _output_format(body: Json, _model_id: str) -> Iterator[str]:
    text_format = (body.get("outputConfig") or {}).get("textFormat")
    if text_format is not None:
        try:
            json_object(text_format["structure"]["jsonSchema"]["schema"])
        except NotAnObject:
            yield "The value at outputConfig.textFormat.structure.jsonSchema.schema is not a JSON schema."


def _thinking(body: Json, _model_id: str) -> Iterator[str]:
    fields = body.get("additionalModelRequestFields") or {}
    if not isinstance(fields, dict):
        yield "The value at additionalModelRequestFields is invalid. Provide a json object for the field and try again."
        return
    config = body.get("inferenceConfig") or {}
    choice = (body.get("toolConfig") or {}).get("toolChoice") or {}
    sampling = Sampling(
        max_tokens=config.get("maxTokens") or MOST_OUTPUT_TOKENS,
        temperature=config.get("temperature"),
        top_p=config.get("topP"),
        top_k=fields.get("top_k"),
        forces_tool=bool(choice) and "auto" not in choice,
    )
    for message in thinking_violations(fields.get("thinking"), sampling):
        yield FROM_THE_MODEL + message
    if is_on(fields.get("thinking")):
        yield from _thinking_turns(body["messages"], fields["thinking"]["type"])


def _thinking_turns(messages: list[Json], kind: str) -> Iterator[str]:
    last = messages[-1]
    if last["role"] == "assistant":
        yield f"{FROM_THE_MODEL}This model does not support assistant message prefill while thinking is enabled."
        return
    if kind == "enabled" and any(block.get("toolResult") for block in last["content"]):
        first = next(iter(messages[-2]["content"][0]))
        if first != "reasoningContent":
            yield (
                f"{FROM_THE_MODEL}messages.{len(messages) - 2}.content.0.type: Expected `thinking` or "
                "`redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message "
                "must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks)."
            )


TURN_RULES: tuple[Rule, ...] = (_turns, _speakers)
BLOCK_RULES: tuple[Rule, ...] = (texts, _tools, _tool_pairs, _cache_points, files, reasoning)
RULES: tuple[Rule, ...] = (*TURN_RULES, *BLOCK_RULES, _inference, _output_format, _thinking)
