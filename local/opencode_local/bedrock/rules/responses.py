"""What Bedrock's OpenAI-compatible Responses demand of a body. Unknown members are let through.

Which kinds of item and of tool are taken, and in which words others are refused, is not published; it is known from
what callers were answered: openai/codex issue 25034 (open-weight models), BerriAI/litellm issues 36182 and 36546 with
pull requests 33228 and 38227 (items, namespaces), maximhq/bifrost pull request 7039 (namespaces). Web search: Amazon
Bedrock user guide, "Web search", as quoted in stdapi-ai/stdapi.ai issue 186. All read 2026-11-21.
"""

from collections.abc import Iterator, Sequence

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid
from opencode_local.bedrock.rules.openai_shapes import check_shape
from opencode_local.bedrock.rules.responses_shapes import ResponsesBody
from opencode_local.bedrock.signatures import is_our_redaction

REQUIRED = {
    "message": ("role", "content"),
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
    "custom_tool_call": ("call_id", "name", "input"),
    "custom_tool_call_output": ("call_id", "output"),
    "reasoning": ("summary",),
    "compaction": ("encrypted_content",),
}
"""By the `type` of an item; others are refused."""
PAIRS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
OPEN_WEIGHT = "gpt-oss"
OPEN_WEIGHT_TOOLS = ("function", "mcp")
TOOLS = (*OPEN_WEIGHT_TOOLS, "custom", "namespace", "tool_search")
HOSTED = ("web_search",)
"""Server-side tools, on bedrock-mantle alone."""
NAMED = ("function", "custom", "namespace")
RESERVED = ("functions", "web", "image_gen", "browser", "python")
"""Names that no namespace of a caller may have."""


def check(body: Json, model_id: str, *, service: str) -> None:
    """Raises Refused for a body that Responses would not take."""
    check_shape(body, ResponsesBody)
    kinds = tool_kinds(model_id, service=service)
    for problems in (_items(body), _tools(body, kinds), _tool_pairs(body)):
        for message in problems:
            raise invalid(message)


def items(body: Json) -> list[Json]:
    """The input as items: a lone string is one user message."""
    given = body["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def tool_kinds(model_id: str, *, service: str) -> Sequence[str]:
    if OPEN_WEIGHT in model_id:
        return OPEN_WEIGHT_TOOLS
    return (*TOOLS, *HOSTED) if service == "bedrock-mantle" else TOOLS


def _items(body: Json) -> Iterator[str]:
    for index, item in enumerate(items(body)):
        kind = item.get("type", "message")
        if kind not in REQUIRED:
            yield "invalid request body: Invalid 'input': value did not match any expected variant"
            return
        for name in REQUIRED[kind]:
            if item.get(name) is None:
                yield f"Missing required parameter: 'input[{index}].{name}'."
        sealed = item.get("encrypted_content")
        if kind == "reasoning" and sealed is not None and not is_our_redaction(sealed):
            yield f"The encrypted content of 'input[{index}]' could not be verified."


def _tools(body: Json, kinds: Sequence[str]) -> Iterator[str]:
    for index, tool in enumerate(body.get("tools") or ()):
        kind, name = tool["type"], tool.get("name")
        if kind not in kinds:
            expected = ", ".join(f"`{each}`" for each in kinds)
            yield f"Invalid 'tools': unknown variant `{kind}`, expected one of {expected}"
        if kind in NAMED and name is None:
            yield f"Missing required parameter: 'tools[{index}].name'."
        if kind == "namespace" and name in RESERVED:
            yield (
                "invalid request body: Invalid Value: 'tools.namespace'. "
                f"User-defined namespace '{name}' collides with an existing tool namespace."
            )


def _tool_pairs(body: Json) -> Iterator[str]:
    for call, output in PAIRS.items():
        called = [item["call_id"] for item in items(body) if item.get("type") == call]
        answered = [item["call_id"] for item in items(body) if item.get("type") == output]
        for name in called:
            if name not in answered:
                yield f"No tool output found for function call {name}."
        for name in answered:
            if name not in called:
                yield f"No tool call found for function call output with call_id {name}."
